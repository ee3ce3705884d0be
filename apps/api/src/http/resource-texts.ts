import type { AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";

/**
 * The JSON of resources that lists give out again and again. Kept only for frozen ones: those are the feed's own, which are
 * replaced, never changed. Bounded in characters; what was made longest ago is forgotten first.
 */
export class ResourceTexts {
  readonly #texts = new Map<AnyResource, string>();
  #chars = 0;

  of(resource: AnyResource): string {
    const known = this.#texts.get(resource);
    if (known !== undefined) return known;
    const text = JSON.stringify(resource);
    if (Object.isFrozen(resource)) this.#keep(resource, text);
    return text;
  }

  #keep(resource: AnyResource, text: string): void {
    this.#texts.set(resource, text);
    this.#chars += text.length;
    for (const [oldest, oldText] of this.#texts) {
      if (this.#chars <= limits.resourceTextCharsMax) return;
      this.#texts.delete(oldest);
      this.#chars -= oldText.length;
    }
  }
}
