import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

/** PEM texts: whom to trust instead of the system's authorities, and the certificate to show. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * A `fetch` over TLS with an authority and a certificate of one's own, which the platform's cannot
 * be given. As much of it as the client uses: bodies are texts, redirects are answers.
 */
export function tlsFetch(files: TlsFiles): typeof globalThis.fetch {
  const agent = new Agent({ keepAlive: true, ...files });
  return (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = Object.fromEntries(new Headers(init.headers));
    const { method = "GET", signal, body } = init;
    const answered = Promise.withResolvers<Response>();
    const outgoing = request(url, { agent, method, headers, ...(signal ? { signal } : {}) });
    outgoing.on("response", (incoming) => answered.resolve(responseOf(incoming)));
    outgoing.on("error", answered.reject);
    outgoing.end(typeof body === "string" ? body : undefined);
    return answered.promise;
  };
}

function responseOf(incoming: IncomingMessage): Response {
  const { statusCode: status = 502 } = incoming;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const hasBody = ![204, 205, 304].includes(status);
  if (!hasBody) incoming.resume();
  const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : null;
  return new Response(body, { status, headers });
}
