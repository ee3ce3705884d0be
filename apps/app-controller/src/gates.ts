import type { Desired, DesiredObject } from "@octoplane/delivery/desired";
import type { Observed } from "./observed.ts";

/**
 * What cannot be made before something else of the same application is there: what lies in a namespace, before it is active,
 * and what is of a kind, before its definition is established. Everything else goes its way whatever happens to its neighbours.
 */
export class Gates {
  readonly #namespaces = new Map<string, string>();
  readonly #definitions = new Map<string, string>();
  readonly #isReady: (id: string) => boolean;

  constructor(desired: Desired, isReady: (id: string) => boolean) {
    this.#isReady = isReady;
    for (const object of desired.objects) {
      if (object.phase === "namespaces") this.#namespaces.set(object.ref.name, object.id);
      else if (object.phase === "definitions") {
        this.#definitions.set(definedKind(object), object.id);
      }
    }
  }

  /** True while the object, or one of this kind, has to wait. */
  isShutFor(what: {
    readonly group: string;
    readonly kind: string;
    readonly namespace?: string | undefined;
  }): boolean {
    const needs = [
      what.namespace === undefined ? undefined : this.#namespaces.get(what.namespace),
      this.#definitions.get(`${what.group}/${what.kind}`),
    ];
    return needs.some((id) => id !== undefined && !this.#isReady(id));
  }
}

/** The `group/kind` that a definition defines. */
function definedKind({ object }: DesiredObject): string {
  const { group, names } = (object["spec"] ?? {}) as {
    readonly group?: string;
    readonly names?: { readonly kind?: string };
  };
  return `${group}/${names?.kind}`;
}

/** True when others may count on it: a namespace is active, a definition established. */
export function isReadyFor(observed: Observed | undefined): boolean {
  return observed !== undefined && !observed.isTerminating && observed.health.status === "healthy";
}
