import type { FastifyRequest } from "fastify";

/** How a watch is written: a line of JSON is what is told, the rest is around it. */
export interface WatchFormat {
  readonly contentType: string;
  readonly opening: string;
  readonly heartbeat: string;
  /** A line ends with a line break. */
  event(line: string): string;
  /** What tells that everything up to a revision has been said. */
  progress(revision: bigint): string;
}

/** One JSON object a line, blank lines as heartbeats: what Krake's clients read (contract section 1.6). */
export const jsonLines: WatchFormat = {
  contentType: "application/x-ndjson",
  opening: "",
  heartbeat: "\n",
  event: (line) => line,
  progress: () => "",
};

/**
 * Server-Sent Events (WHATWG HTML, section 9.2), for the `EventSource` of browsers. The id stands behind the events of whole
 * commits, in a block without data, which a browser remembers and does not show: one that comes back in between loses none.
 */
export const serverSentEvents: WatchFormat = {
  contentType: "text/event-stream",
  opening: "retry: 1000\n\n",
  heartbeat: ":\n\n",
  event: (line) => `data: ${line}\n`,
  progress: (revision) => `id: ${revision}\n\n`,
};

/** What the client asks for in `Accept`. */
export function watchFormatOf(request: FastifyRequest): WatchFormat {
  return wantsServerSentEvents(request) ? serverSentEvents : jsonLines;
}

export function wantsServerSentEvents(request: FastifyRequest): boolean {
  const types = (request.headers.accept ?? "").toLowerCase().split(",");
  return types.some((type) => type.split(";")[0]?.trim() === serverSentEvents.contentType);
}
