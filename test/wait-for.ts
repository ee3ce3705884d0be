/**
 * Waits until a probe gives something, looking again every few milliseconds; fails after the deadline with the last thing
 * that was seen. The one way for tests to wait.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly deadlineMs?: number; readonly seen?: () => unknown } = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? 30_000;
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) {
      const seen =
        options.seen === undefined ? "" : `; last seen: ${JSON.stringify(options.seen())}`;
      throw new Error(`${what}: not within ${deadlineMs} ms${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
