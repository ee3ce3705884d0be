import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { openBoundedFetch } from "./bounded-fetch.ts";
import type { FetchRules } from "./fetch-rules.ts";

/** Fetches for applications, one at a time for each; `Conflict` when the application changes meanwhile, or is deleted. */
export type SourceFetch = (key: string, url: string, signal: AbortSignal) => Promise<Uint8Array>;

export interface SourceFetcher extends AsyncDisposable {
  readonly fetch: SourceFetch;
  /** What is fetched for this application is not wanted any more: a server that hangs keeps neither its end nor a new URL waiting. */
  readonly cancel: (key: string) => void;
}

export function openSourceFetch(rules: FetchRules, clock: Clock): SourceFetcher {
  const fetcher = openBoundedFetch(rules, clock);
  const underWay = new Map<string, AbortController>();
  return {
    async fetch(key, url, signal) {
      const { controller, release } = linkedAbort(signal);
      underWay.set(key, controller);
      try {
        return await fetcher.fetch(url, controller.signal);
      } catch (error) {
        throw controller.signal.aborted ? controller.signal.reason : error;
      } finally {
        release();
        underWay.delete(key);
      }
    },
    cancel(key) {
      const changed = failure("Conflict", "the application changed while its source was fetched");
      underWay.get(key)?.abort(changed);
    },
    [Symbol.asyncDispose]: () => fetcher[Symbol.asyncDispose](),
  };
}
