import { expect, test } from "vitest";
import { systemClock, type Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { openClient, type KindClient } from "./client.ts";
import { waitFor } from "./wait-for.ts";
import { watch, type WatchEvent } from "./watch.ts";

const Cluster = { api: "kubernetes", kind: "Cluster", plural: "clusters", namespaced: true };

type Answer = (request: { url: URL; signal: AbortSignal | undefined }) => Response;

/**
 * A network on which the answers come in this order; asking for more than there are fails the test.
 */
function scripted(answers: readonly Answer[], clock: Clock = swift) {
  const urls: string[] = [];
  const fetch = (async (input: string, init?: RequestInit) => {
    init?.signal?.throwIfAborted();
    const url = new URL(input);
    urls.push(`${url.pathname}?${decodeURIComponent(url.searchParams.toString())}`);
    const answer = answers[urls.length - 1];
    if (!answer) throw new Error(`nothing is scripted for request ${urls.length}: ${input}`);
    return answer({ url, signal: init?.signal ?? undefined });
  }) as typeof globalThis.fetch;
  const client = openClient({ address: "http://server", token: "t", fetch, clock });
  return { urls, objects: client.of(Cluster) };
}

/** A hundred times as fast as the real one. */
const swift: Clock = {
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(delayMs / 100, callback),
};

function object(name: string, version: string, uid = `uid-${name}`) {
  return { api: "kubernetes", kind: "Cluster", metadata: { name, uid, resource_version: version } };
}

const json =
  (value: unknown, status = 200): Answer =>
  () =>
    new Response(JSON.stringify(value), { status });

function list(version: string, ...items: readonly object[]): Answer {
  return json({ metadata: { resource_version: version }, items });
}

/** Lines of a watch; then the stream ends, breaks, or stays open in silence until it is aborted. */
function lines(end: "ends" | "breaks" | "hangs", ...events: readonly object[]): Answer {
  return ({ signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const text = events.map((event) => `${JSON.stringify(event)}\n\n`).join("");
        controller.enqueue(new TextEncoder().encode(text));
        if (end === "ends") controller.close();
        if (end === "hangs")
          signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
      pull(controller) {
        if (end === "breaks") controller.error(new TypeError("terminated"));
      },
    });
    return new Response(body);
  };
}

const bookmark = (version: string) => ({
  type: "BOOKMARK",
  object: { metadata: { resource_version: version } },
});

async function take(objects: KindClient<never>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of watch(objects)) {
    seen.push(describe(event));
    if (seen.length === count) break;
  }
  return seen;
}

function describe(event: WatchEvent<{ metadata: { name: string; resource_version: string } }>) {
  if (event.type === "SYNCED") return event.type;
  return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resource_version}`;
}

test("a watch tells the list, then what changes after it", async () => {
  const { objects, urls } = scripted([
    list("10", object("a", "1")),
    lines("hangs", { type: "ADDED", object: object("b", "11") }, bookmark("11")),
  ]);
  expect(await take(objects as never, 3)).toEqual(["ADDED a@1", "SYNCED", "ADDED b@11"]);
  const heartbeat = limits.heartbeatSeconds;
  expect(urls[1]).toBe(
    `/kubernetes/clusters?watch=&bookmarks=&heartbeat=${heartbeat}&resource_version=10`,
  );
});

for (const end of ["ends", "breaks", "hangs"] as const) {
  test(`a watch whose stream ${end} goes on from the last bookmark`, async () => {
    const { objects, urls } = scripted([
      list("10", object("a", "1")),
      lines(end, { type: "MODIFIED", object: object("a", "11") }, bookmark("11"), {
        type: "ADDED",
        object: object("b", "12"),
      }),
      lines(
        "hangs",
        { type: "ADDED", object: object("b", "12") },
        { type: "DELETED", object: object("a", "13") },
        { type: "DELETED", object: object("never-told", "13") },
        { type: "MODIFIED", object: object("b", "14") },
      ),
    ]);
    expect(await take(objects as never, 6)).toEqual([
      "ADDED a@1",
      "SYNCED",
      "MODIFIED a@11",
      "ADDED b@12",
      "DELETED a@13",
      "MODIFIED b@14",
    ]);
    expect(urls[2]).toContain("resource_version=11");
  });
}

test("a place that the server no longer knows becomes a new list", async () => {
  const gone = json({ code: "Compacted", detail: "list again" }, 410);
  const { objects } = scripted([
    list(
      "10",
      object("same", "1"),
      object("gone", "2"),
      object("changed", "3"),
      object("new", "4"),
    ),
    gone,
    list("20", object("same", "1"), object("changed", "15"), object("new", "16", "another-uid")),
    lines("hangs"),
  ]);
  expect((await take(objects as never, 10)).slice(4)).toEqual([
    "SYNCED",
    "DELETED gone@2",
    "MODIFIED changed@15",
    "DELETED new@4",
    "ADDED new@16",
    "SYNCED",
  ]);
});

test("a server that is away for a while does not end a watch that has begun", async () => {
  const away: Answer = () => {
    throw new TypeError("fetch failed");
  };
  const busy = json({ code: "Unavailable", detail: "not now" }, 503);
  const { objects, urls } = scripted([
    list("10"),
    away,
    busy,
    json({ code: "Compacted" }, 410),
    away,
    list("20", object("a", "15")),
    lines("hangs"),
  ]);
  expect(await take(objects as never, 3)).toEqual(["SYNCED", "ADDED a@15", "SYNCED"]);
  expect(urls).toHaveLength(6);
});

test("a watch that cannot begin, or that may not go on, fails at once", async () => {
  const refused = scripted([
    () => {
      throw new TypeError("fetch failed");
    },
  ]);
  await expect(take(refused.objects as never, 1)).rejects.toMatchObject({ code: "Unavailable" });
  const forbidden = scripted([list("1"), json({ code: "Forbidden", detail: "no" }, 403)]);
  await expect(take(forbidden.objects as never, 2)).rejects.toMatchObject({ code: "Forbidden" });
});

test("an aborted watch ends without an error", async () => {
  const { objects } = scripted([list("1"), lines("hangs")]);
  const controller = new AbortController();
  const seen: string[] = [];
  for await (const event of watch(objects, { signal: controller.signal })) {
    seen.push(event.type);
    controller.abort();
  }
  expect(seen).toEqual(["SYNCED"]);
});

test("waiting sees the state as it is, before any change", async () => {
  const { objects, urls } = scripted([list("5"), json(object("a", "3"))]);
  const found = await waitFor(objects, { namespace: "n", name: "a" }, (state) => !!state);
  expect(found?.metadata.resource_version).toBe("3");
  expect(urls).toEqual([
    "/kubernetes/namespaces/n/clusters?limit=1",
    "/kubernetes/namespaces/n/clusters/a?",
  ]);
});

test("waiting until an object is gone is not misled by others", async () => {
  const { objects } = scripted([
    list("5"),
    json(object("a", "3")),
    lines(
      "hangs",
      { type: "DELETED", object: object("b", "6") },
      { type: "DELETED", object: object("a", "7") },
    ),
  ]);
  const states: unknown[] = [];
  const gone = await waitFor(objects, { name: "a", namespace: "n" }, (state) => !state, {
    onState: (state) => states.push(state?.metadata.resource_version),
  });
  expect(gone).toBeUndefined();
  expect(states).toEqual(["3", undefined]);
});

test("waiting ends in time, and by its signal", async () => {
  const answers = [list("5"), json({ code: "NotFound" }, 404), lines("hangs")];
  const ref = { namespace: "n", name: "a" };
  await expect(
    waitFor(scripted(answers).objects, ref, (state) => !!state, { timeoutMs: 2_000 }),
  ).rejects.toMatchObject({ code: "Timeout", message: "gave up waiting for a after 2 s" });
  const controller = new AbortController();
  const waiting = waitFor(scripted(answers).objects, ref, (state) => !!state, {
    signal: controller.signal,
    onState: () => controller.abort(new Error("enough")),
  });
  await expect(waiting).rejects.toThrow("enough");
});
