/**
 * WATCH: a stream of changes after a version, with bookmarks, ending in 410 when that version is
 * forgotten.
 */
import { limits } from "@octoplane/shared/limits";
import { expired, type ApiError } from "../api-error.ts";
import { apiVersionOf, kindKey } from "../kind.ts";
import type { SimObject } from "../sim-object.ts";
import type { Change } from "../storage.ts";
import type { Exchange } from "./exchange.ts";
import { inVersion, matcherOf, parseRevision, selected, type Scope } from "./reading.ts";

/** Whether a GET of a list wants its changes instead. */
export function asksForWatch(query: URLSearchParams): boolean {
  const watch = query.get("watch");
  return watch === "true" || watch === "1";
}

type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/** Serves one watch until its time is over or the client goes away. */
export function serveWatch(exchange: Exchange, scope: Scope): void {
  const { query, response } = exchange;
  const { cluster } = scope;
  const version = query.get("resourceVersion") ?? "";
  const revision = parseRevision(version === "" ? "0" : version);
  const wantsInitial = query.get("sendInitialEvents") === "true";
  const matches = matcherOf(query);
  const write = writer(exchange);
  response.statusCode = 200;
  response.setHeader("content-type", "application/json");
  response.flushHeaders();
  if (revision > cluster.storage.revision) {
    write("ERROR", tooLarge(revision, cluster.storage.revision).status());
    response.end();
    return;
  }
  const missed = revision === 0 || wantsInitial ? [] : cluster.storage.since(revision);
  if (missed === undefined) {
    const text = `too old resource version: ${revision} (${cluster.storage.revision})`;
    write("ERROR", expired(text).status());
    response.end();
    return;
  }
  if (revision === 0 || wantsInitial) {
    for (const object of selected(scope, query)) write("ADDED", inVersion(scope.kind, object));
  }
  const tell = (change: Change): void => {
    if (change.kindKey !== kindKey(scope.kind)) return;
    if (scope.namespace !== undefined && change.object.metadata.namespace !== scope.namespace)
      return;
    const type = eventType(change, matches);
    if (type !== undefined) write(type, inVersion(scope.kind, change.object));
  };
  missed.forEach(tell);
  const wantsBookmarks = query.get("allowWatchBookmarks") === "true";
  if (wantsInitial && wantsBookmarks) write("BOOKMARK", bookmark(scope, true));
  keepOpen(exchange, scope, { tell, write, wantsBookmarks });
}

type Write = (type: EventType, object: unknown) => void;

function writer({ response }: Exchange): Write {
  return (type, object) => {
    if (response.destroyed || response.writableEnded) return;
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > limits.simWatchBufferBytesMax) response.destroy();
  };
}

function keepOpen(
  exchange: Exchange,
  scope: Scope,
  watch: {
    readonly tell: (change: Change) => void;
    readonly write: Write;
    readonly wantsBookmarks: boolean;
  },
): void {
  const { response, query } = exchange;
  const { cluster } = scope;
  // A client that left while a fault held its request up has closed already, and never will again.
  if (response.destroyed) return;
  const stopListening = cluster.storage.listen(watch.tell);
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const sendBookmark = (): void => {
    if (watch.wantsBookmarks) watch.write("BOOKMARK", bookmark(scope, false));
  };
  const timeoutMs = seconds > 0 ? seconds * 1_000 : limits.simWatchMs;
  const cancelEnd = cluster.timers.after(timeoutMs, () => {
    sendBookmark();
    response.end();
  });
  let cancelBookmark = (): void => undefined;
  const arm = (): void => {
    cancelBookmark = cluster.timers.after(cluster.settings.bookmarkMs, () => {
      sendBookmark();
      arm();
    });
  };
  if (watch.wantsBookmarks) arm();
  response.once("close", () => {
    stopListening();
    cancelEnd();
    cancelBookmark();
  });
}

/**
 * With a selector, an object that stops matching is gone for the watcher, and one that starts is
 * new.
 */
function eventType(
  change: Change,
  matches: ((object: SimObject) => boolean) | undefined,
): EventType | undefined {
  if (matches === undefined) return change.type;
  const isNow = change.type !== "DELETED" && matches(change.object);
  const wasBefore = change.before !== undefined && matches(change.before);
  if (isNow) return wasBefore ? "MODIFIED" : "ADDED";
  return wasBefore ? "DELETED" : undefined;
}

function bookmark(scope: Scope, endsInitial: boolean): Record<string, unknown> {
  const annotations = { "k8s.io/initial-events-end": "true" };
  return {
    kind: scope.kind.kind,
    apiVersion: apiVersionOf(scope.kind),
    metadata: {
      resourceVersion: String(scope.cluster.storage.revision),
      creationTimestamp: null,
      ...(endsInitial ? { annotations } : {}),
    },
  };
}

/** A version from the future, as after a cluster was rebuilt: the client has to list again. */
function tooLarge(revision: number, current: number): ApiError {
  return expired(`Too large resource version: ${revision}, current: ${current}`);
}
