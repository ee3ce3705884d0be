import type { Clock } from "./clock.ts";

/**
 * An AbortSignal that aborts when its parent or its controller does, or when the time is over; `release` must be called
 * when the work is.
 */
export function linkedAbort(
  parent: AbortSignal | undefined,
  limit?: { readonly clock: Clock; readonly ms: number },
): { readonly controller: AbortController; readonly release: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) abort();
  else parent?.addEventListener("abort", abort, { once: true });
  const cancel = limit?.clock.after(limit.ms, () =>
    controller.abort(new Error(`no answer in ${limit.ms} ms`)),
  );
  return {
    controller,
    release() {
      cancel?.();
      parent?.removeEventListener("abort", abort);
    },
  };
}

/**
 * Waits for work that others may be waiting for too: giving up, when the signal aborts, does not end it. Fails with the
 * signal's reason, or with what `reasonOf` gives.
 */
export function whileWanted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  reasonOf: () => unknown = () => signal.reason,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(reasonOf());
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    const stopListening = (): void => signal.removeEventListener("abort", giveUp);
    void work.then(resolve, reject).finally(stopListening);
  });
}
