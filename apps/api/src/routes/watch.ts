import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { readHeartbeat, readSince, wantsBookmarks } from "../http/query.ts";

export interface WatchRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly namespace: string | undefined;
  readonly isVisible: (resource: AnyResource) => boolean;
}

const open = new WeakMap<ApiContext, Set<ServerResponse>>();

/**
 * A stream of changes as JSON, one a line, with blank lines as heartbeats (contract section 1.6). With `resource_version`
 * it goes on from there, without a gap; with `bookmarks` it tells now and then how far it has come. A client that does
 * not read is cut off: it finds its place again by its last resource version.
 */
export async function serveWatch(
  context: ApiContext,
  kind: AnyKind,
  watch: WatchRequest,
): Promise<void> {
  const { request, reply, namespace, isVisible } = watch;
  const heartbeatMs = readHeartbeat(request) * 1_000;
  const since = readSince(request);
  const bookmarks = wantsBookmarks(request);
  const streams = streamsOf(context);
  if (streams.size >= limits.watchersMax) {
    throw failure("Unavailable", `there are ${limits.watchersMax} watches already`);
  }
  const feed = context.resources.feed(kind);
  await feed.ready();
  // What was missed is collected first: a revision that is no longer kept must still become a proper answer.
  const missed: string[] = [];
  let write = (line: string): void => void missed.push(line);
  const unlisten = feed.listen((events, revision) => {
    for (const event of events) {
      if (namespace !== undefined && event.object.metadata.namespace !== namespace) continue;
      if (isVisible(event.object)) write(lineOf(event));
    }
    if (bookmarks) write(bookmarkLine(kind, revision));
  }, since);

  reply.hijack();
  const stream = reply.raw;
  streams.add(stream);
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) stream.setHeader(name, value);
  }
  stream.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  stream.flushHeaders();
  write = (line) => {
    if (stream.writableLength > limits.watchBacklogBytesMax) stream.destroy();
    else stream.write(line);
  };
  for (const line of missed) write(line);
  if (bookmarks && missed.length === 0) write(bookmarkLine(kind, feed.revision));
  const stopHeartbeat = beat(context, heartbeatMs, () => write("\n"));
  const end = (): void => void stream.end();
  context.closing.addEventListener("abort", end, { once: true });
  if (context.closing.aborted) end();
  stream.on("close", () => {
    unlisten();
    stopHeartbeat();
    streams.delete(stream);
    context.closing.removeEventListener("abort", end);
  });
  // A connection that breaks is reported by `close` too; without a listener it would end the process.
  stream.on("error", () => undefined);
}

function streamsOf(context: ApiContext): Set<ServerResponse> {
  let streams = open.get(context);
  if (!streams) open.set(context, (streams = new Set()));
  return streams;
}

/** Many watchers get the same event: its text is made once. */
const lines = new WeakMap<FeedEvent<AnyResource>, string>();

function lineOf(event: FeedEvent<AnyResource>): string {
  let line = lines.get(event);
  if (line === undefined) {
    line = `${JSON.stringify({ type: event.type, object: event.object })}\n`;
    lines.set(event, line);
  }
  return line;
}

function bookmarkLine(kind: AnyKind, revision: bigint): string {
  const metadata = { resource_version: String(revision) };
  return `${JSON.stringify({ type: "BOOKMARK", object: { api: kind.api, kind: kind.kind, metadata } })}\n`;
}

function beat(context: ApiContext, everyMs: number, send: () => void): () => void {
  if (everyMs === 0) return () => undefined;
  const { clock } = context.resources.parts;
  let cancel = (): void => undefined;
  const next = (): void => {
    cancel = clock.after(everyMs, () => {
      send();
      next();
    });
  };
  next();
  return () => cancel();
}
