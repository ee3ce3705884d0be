import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import type { FeedEvent } from "@octoplane/resources/kind-feed";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { userOf, type ApiContext } from "../api-context.ts";
import { readHeartbeat, readSince, wantsBookmarks } from "../http/query.ts";
import { summaryOf } from "../http/summary.ts";
import { watchFormatOf } from "../http/watch-format.ts";
import { selectedEvent } from "./selected-event.ts";

export interface WatchRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly namespace: string | undefined;
  readonly isVisible: (resource: AnyResource) => boolean;
  /** Absent: everything. */
  readonly selects: ((resource: AnyResource) => boolean) | undefined;
  readonly isSummary: boolean;
}

const open = new WeakMap<ApiContext, Set<ServerResponse>>();

/**
 * A stream of changes, in the form that `Accept` asks for. With `resource_version`
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
  const bookmarks = wantsBookmarks(request);
  const format = watchFormatOf(request);
  const streams = streamsOf(context);
  if (streams.size >= limits.watchersMax) {
    throw failure("Unavailable", `there are ${limits.watchersMax} watches already`);
  }
  const feed = context.resources.feed(kind);
  await feed.ready();
  const since = await beginningOf(context, kind, readSince(request));
  // What was missed is collected first: a revision that is no longer kept must still become a proper answer.
  const missed: string[] = [];
  let write = (text: string): void => void missed.push(text);
  const ending = endingOf(context, request);
  const unlisten = feed.listen((events, revision) => {
    if (ending.isDue()) return;
    const lines = events.flatMap(({ object }, index) => {
      if (namespace !== undefined && object.metadata.namespace !== namespace) return [];
      return isVisible(object) ? (lineOf(kind, events, index, watch) ?? []) : [];
    });
    const upTo = later(revision, since);
    if (bookmarks) lines.push(bookmarkLine(kind, upTo));
    if (lines.length === 0) return;
    for (const line of lines) write(format.event(line));
    const mark = format.progress(upTo);
    if (mark !== "") write(mark);
  }, since);

  const stream = startStream(reply, format.contentType);
  streams.add(stream);
  write = (text) => {
    if (stream.writableLength > limits.watchBacklogBytesMax) stream.destroy();
    else stream.write(text);
  };
  if (format.opening !== "") write(format.opening);
  for (const text of missed) write(text);
  if (bookmarks && missed.length === 0) {
    write(format.event(bookmarkLine(kind, later(feed.revision, since))));
  }
  const stopHeartbeat = beat(context, heartbeatMs, () => {
    if (!ending.isDue()) write(format.heartbeat);
  });
  ending.begin(stream, () => {
    unlisten();
    stopHeartbeat();
    streams.delete(stream);
  });
}

/**
 * The revision after which a watch begins. One that names none begins now: at the store's newest, which the feed may not have
 * reached yet. `Compacted` for one that the store has not come to.
 */
async function beginningOf(
  context: ApiContext,
  kind: AnyKind,
  asked: bigint | undefined,
): Promise<bigint> {
  if (asked !== undefined && asked <= context.resources.feed(kind).revision) return asked;
  const { revision: newest } = await context.resources.of(kind).list({ limit: 1 });
  if (asked !== undefined && asked > newest) {
    throw failure("Compacted", `revision ${asked} is not of this store; list again`);
  }
  return asked ?? newest;
}

function startStream(reply: FastifyReply, contentType: string): ServerResponse {
  reply.hijack();
  const stream = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) stream.setHeader(name, value);
  }
  stream.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
  stream.flushHeaders();
  return stream;
}

/**
 * When a watch ends by itself: when the server closes, and when the credential that opened it is no longer taken. That is
 * asked before anything is sent, from memory.
 */
function endingOf(
  context: ApiContext,
  request: FastifyRequest,
): {
  isDue(): boolean;
  begin(stream: ServerResponse, release: () => void): void;
} {
  const user = userOf(request);
  let end = (): void => undefined;
  const isDue = (): boolean => {
    if (context.authenticator.standing.reason(user) === undefined) return false;
    end();
    return true;
  };
  return {
    isDue,
    begin(stream, release) {
      end = () => void stream.end();
      context.closing.addEventListener("abort", end, { once: true });
      if (context.closing.aborted) end();
      isDue();
      const close = (): void => {
        release();
        context.closing.removeEventListener("abort", end);
      };
      stream.on("close", close);
      // A client that has gone meanwhile is not told of again.
      if (stream.destroyed) close();
      // A connection that breaks is reported by `close` too; without a listener it would end the process.
      stream.on("error", () => undefined);
    },
  };
}

/** A bookmark never lies before the place that the watch began at. */
function later(revision: bigint, since: bigint | undefined): bigint {
  return since !== undefined && since > revision ? since : revision;
}

function streamsOf(context: ApiContext): Set<ServerResponse> {
  let streams = open.get(context);
  if (!streams) open.set(context, (streams = new Set()));
  return streams;
}

type Events = readonly FeedEvent<AnyResource>[];

/** Many watchers get the same events: their texts are made once, and forgotten with the batch. */
const linesOf = {
  full: new WeakMap<Events, string[]>(),
  summary: new WeakMap<Events, string[]>(),
};

/** `undefined` for an event that is nothing to this watch. */
function lineOf(
  kind: AnyKind,
  events: Events,
  index: number,
  { selects, isSummary }: Pick<WatchRequest, "selects" | "isSummary">,
): string | undefined {
  const event = selectedEvent(events[index]!, selects);
  const text = ({ type, object }: FeedEvent<AnyResource>): string =>
    `${JSON.stringify({ type, object: isSummary ? summaryOf(kind, object) : object })}\n`;
  // What enters or leaves a selection is this watch's own.
  if (!event) return undefined;
  if (event !== events[index]) return text(event);
  const known = isSummary ? linesOf.summary : linesOf.full;
  let lines = known.get(events);
  if (!lines) known.set(events, (lines = []));
  return (lines[index] ??= text(event));
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
