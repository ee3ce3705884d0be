/** An AbortSignal that aborts when either does, or after the time; `release` must be called when the work is over. */
export function linkedAbort(
  parent: AbortSignal | undefined,
  timeoutMs?: number,
): { readonly controller: AbortController; readonly release: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) abort();
  else parent?.addEventListener("abort", abort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => controller.abort(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  timer?.unref();
  return {
    controller,
    release() {
      clearTimeout(timer);
      parent?.removeEventListener("abort", abort);
    },
  };
}
