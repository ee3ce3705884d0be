import type { AnyResource } from "@octoplane/kinds/kind";
import { failure, isFailure } from "@octoplane/shared/errors";
import type { KindClient, Listing, Ref } from "./client.ts";
import { forwardAbort } from "./transport.ts";
import { watch, type WatchOptions } from "./watch.ts";

export interface WaitOptions<R> {
  /** `Timeout` after this; left out: no limit. */
  readonly timeoutMs?: number;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of each state that is seen, `undefined` when the object is not there. */
  readonly onState?: (object: R | undefined) => void;
  readonly onTrouble?: WatchOptions<R>["onTrouble"];
}

/**
 * Waits until the predicate holds for the object (`undefined`: it is not there) and gives the state
 * that it held for. Looks at the state as it is when called and at every change after that. An
 * error that the predicate throws ends the wait.
 */
export async function waitFor<R extends AnyResource>(
  objects: KindClient<R>,
  ref: Ref,
  predicate: (object: R | undefined) => boolean,
  options: WaitOptions<R> = {},
): Promise<R | undefined> {
  const stop = new AbortController();
  const unlink = forwardAbort(options.signal, stop);
  const { timeoutMs } = options;
  const cancel =
    timeoutMs === undefined
      ? () => undefined
      : objects.transport.clock.after(timeoutMs, () => stop.abort(tooLate(ref, timeoutMs)));
  let current: R | undefined;
  let synced = false;
  try {
    const events = watch<R>(objects, {
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
      signal: stop.signal,
      snapshot: (signal) => snapshotOfOne(objects, ref, signal),
      accepts: ({ metadata }) => metadata.name === ref.name,
    });
    for await (const event of events) {
      if (event.type === "SYNCED") synced = true;
      else current = event.type === "DELETED" ? undefined : event.object;
      if (!synced) continue;
      options.onState?.(current);
      if (predicate(current)) return current;
    }
    throw stop.signal.reason;
  } finally {
    cancel();
    unlink();
  }
}

/** The revision first, then the object: what happens in between is told by the watch. */
async function snapshotOfOne<R extends AnyResource>(
  objects: KindClient<R>,
  ref: Ref,
  signal: AbortSignal,
): Promise<Listing<R>> {
  const scope = ref.namespace === undefined ? {} : { namespace: ref.namespace };
  const resourceVersion = await objects.revision({ ...scope, signal });
  try {
    return { items: [await objects.get(ref, signal)], resourceVersion };
  } catch (error) {
    if (isFailure(error, "NotFound")) return { items: [], resourceVersion };
    throw error;
  }
}

function tooLate(ref: Ref, timeoutMs: number): Error {
  return failure("Timeout", `gave up waiting for ${ref.name} after ${timeoutMs / 1_000} s`);
}
