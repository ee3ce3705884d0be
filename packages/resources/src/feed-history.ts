import { limits } from "@octoplane/shared/limits";
import type { Revision } from "@octoplane/store/store";

/**
 * The newest events of a feed, for those who resume. Bounded in number, and in what they keep in memory: an object of megabytes
 * that is changed again and again would else stand there thousands of times.
 */
export class FeedHistory<Event extends { readonly revision: Revision }> {
  #kept: { readonly event: Event; readonly chars: number }[] = [];
  #chars = 0;
  #forgotten: Revision = 0n;

  /** Whether everything after the revision is here. */
  reaches(after: Revision): boolean {
    return after >= this.#forgotten;
  }

  after(revision: Revision): readonly Event[] {
    return this.#kept.flatMap(({ event }) => (event.revision > revision ? [event] : []));
  }

  /** `chars`: what was new in each of them, in characters of JSON. */
  remember(events: readonly Event[], chars: number): void {
    for (const event of events) this.#kept.push({ event, chars });
    this.#chars += events.length * chars;
    const most = limits.feedHistoryMax;
    const mostChars = limits.feedHistoryCharsMax;
    // Now and then, because moving what is left takes its time.
    if (this.#kept.length <= most * 1.25 && this.#chars <= mostChars * 1.25) return;
    let gone = 0;
    while (this.#kept.length - gone > most || this.#chars > mostChars) {
      this.#chars -= this.#kept[gone]!.chars;
      gone += 1;
    }
    this.#forgotten = this.#kept[gone - 1]!.event.revision;
    this.#kept = this.#kept.slice(gone);
  }

  /** After a new list: what led to it is not known. */
  beginAt(revision: Revision): void {
    this.#kept = [];
    this.#chars = 0;
    this.#forgotten = revision;
  }
}
