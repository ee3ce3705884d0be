/** Host and port of a `listen` text: `127.0.0.1:8080`, `[::1]:8080`, `:8080`. `undefined` when it is none. */
export function parseListen(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  const host = match[1] ?? (match[2] === "" ? "127.0.0.1" : match[2]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}
