import type { Copies } from "@octoplane/kinds/copies";
import type { Candidate } from "./candidate.ts";
import type { Ranked } from "./rank.ts";

/**
 * How the copies of one application are spread over the values of a label: nowhere may be more of them than in the emptiest
 * value plus the skew. The values are those of the clusters that fit, because nothing can come to any other; clusters
 * without the label are one value.
 */
export class CopySpread {
  readonly #by: string | undefined;
  readonly #maxSkew: number;
  readonly #counts = new Map<string | undefined, number>();

  constructor(
    spread: Copies["spread"],
    fitting: readonly Ranked[],
    standing: readonly Candidate[],
  ) {
    this.#by = spread?.by;
    this.#maxSkew = spread?.max_skew ?? 1;
    for (const { candidate } of fitting) this.#counts.set(this.#valueOf(candidate), 0);
    for (const candidate of standing) this.add(candidate);
  }

  allows(candidate: Candidate): boolean {
    if (this.#by === undefined) return true;
    const emptiest = Math.min(...this.#counts.values());
    return (this.#counts.get(this.#valueOf(candidate)) ?? 0) + 1 <= emptiest + this.#maxSkew;
  }

  add(candidate: Candidate): void {
    const value = this.#valueOf(candidate);
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  #valueOf({ labels }: Candidate): string | undefined {
    return this.#by !== undefined && Object.hasOwn(labels, this.#by) ? labels[this.#by] : undefined;
  }
}
