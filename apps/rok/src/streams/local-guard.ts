import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * Why a request to a port of this machine is not passed on; `undefined` when it may be. A page in a browser can send requests here under
 * a name of its own that leads to this machine (DNS rebinding), or from an origin of its own: programs send neither. Pure.
 */
export function foreignPage({
  host = "",
  origin,
  ...headers
}: IncomingHttpHeaders): string | undefined {
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  const isHere = name === "localhost" || isIP(name.replace(/^\[|\]$/g, "")) > 0;
  if (!isHere) return `the host ${JSON.stringify(host)} is not this machine by its address`;
  if (origin !== undefined && URL.parse(origin)?.host !== host) {
    return `pages of ${JSON.stringify(origin)} may not ask here`;
  }
  const site = headers["sec-fetch-site"];
  const isForeign = site === "cross-site" || site === "same-site";
  return isForeign ? "pages of elsewhere may not ask here" : undefined;
}
