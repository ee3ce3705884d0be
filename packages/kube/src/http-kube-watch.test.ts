import { limits } from "@octoplane/shared/limits";
import { afterEach, describe, expect, it } from "vitest";
import type { Kube, KubeEvent } from "./kube.ts";
import { sendJson, sendStatus, type Script } from "./testing/scripted-server.ts";
import { configMaps, errorOf, object, ref, Stage, steppedClock } from "./testing/stage.ts";

const stage = new Stage();
afterEach(() => stage.clear());

describe("a watch", () => {
  const line = (type: string, version: string): string =>
    `{"type":"${type}","object":{"metadata":{"name":"größe","resourceVersion":"${version}"}}}\n`;

  async function collect(events: AsyncIterable<KubeEvent>): Promise<readonly string[]> {
    const seen: string[] = [];
    for await (const event of events) {
      const isMark = event.type === "BOOKMARK";
      seen.push(`${event.type} ${isMark ? event.resourceVersion : event.object.metadata.name}`);
    }
    return seen;
  }

  function watching(kube: Kube, signal: AbortSignal): AsyncIterable<KubeEvent> {
    return kube.watch(configMaps, { namespace: "a", resourceVersion: "1" }, signal);
  }

  it("gives the events in order wherever the network cuts, until the server ends it", async () => {
    const { kube, server } = await stage.scene(async (_request, response) => {
      const bytes = Buffer.from(line("ADDED", "2") + line("BOOKMARK", "3") + line("DELETED", "4"));
      response.writeHead(200);
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      response.end();
    });
    expect(await collect(watching(kube, new AbortController().signal))).toEqual([
      "ADDED größe",
      "BOOKMARK 3",
      "DELETED größe",
    ]);
    expect(server.seen[0]?.query).toEqual({
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: "1",
      timeoutSeconds: "290",
    });
  });

  it("from a version that is too old fails with 410, as an answer and as an event", async () => {
    const status = { kind: "Status", code: 410, reason: "Expired" };
    const scripts: Script[] = [
      (_request, response) => sendStatus(response, 410, { reason: "Expired" }),
      (_request, response) => {
        response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
      },
    ];
    for (const script of scripts) {
      const { kube } = await stage.scene(script);
      const watch = collect(watching(kube, new AbortController().signal));
      expect(await errorOf(watch)).toMatchObject({ status: 410, retry: true });
    }
  });

  it("on a connection that died unnoticed ends after the silence", async () => {
    const { clock, advance } = steppedClock();
    const { kube, server } = await stage.scene(
      (_request, response) => {
        response.writeHead(200).write(line("ADDED", "2"));
      },
      { clock },
    );
    const events = watching(kube, new AbortController().signal)[Symbol.asyncIterator]();
    await events.next();
    // A slow consumer is no silence of the server.
    advance(limits.kubeWatchSilenceMs * 2);
    const failing = errorOf(events.next());
    await new Promise(setImmediate);
    advance(limits.kubeWatchSilenceMs);
    const error = await failing;
    expect(error).toMatchObject({ reason: "Unreachable", retry: true });
    expect(error.message).toContain("no sign of life");
    await expect.poll(() => server.connections()).toBe(0);
  });

  it("that breaks off fails, and one whose headers never come does too", async () => {
    const { clock, advance } = steppedClock();
    const asked = Promise.withResolvers<void>();
    const broken = await stage.scene((_request, response) => {
      response.writeHead(200).write(line("ADDED", "2"), () => response.destroy());
    });
    const mute = await stage.scene(() => asked.resolve(), { clock });
    const signal = new AbortController().signal;
    expect(await errorOf(collect(watching(broken.kube, signal)))).toMatchObject({ retry: true });
    const failing = errorOf(collect(watching(mute.kube, signal)));
    await asked.promise;
    advance(limits.kubeTimeoutMs);
    expect(await failing).toMatchObject({ reason: "Unreachable" });
  });

  it("ends without an error when its signal aborts, and when nobody listens any more", async () => {
    const { kube, server } = await stage.scene((_request, response) => {
      response.writeHead(200).write(line("ADDED", "2"));
    });
    const controller = new AbortController();
    const events = watching(kube, controller.signal)[Symbol.asyncIterator]();
    expect((await events.next()).done).toBe(false);
    const last = events.next();
    controller.abort();
    expect((await last).done).toBe(true);
    for await (const event of watching(kube, new AbortController().signal)) {
      expect(event.type).toBe("ADDED");
      break;
    }
    await expect.poll(() => server.connections()).toBe(0);
    expect(await collect(watching(kube, AbortSignal.abort()))).toEqual([]);
  });

  it("takes no connection from the requests, and there is a bound to their number", async () => {
    const { kube } = await stage.scene(({ query }, response) => {
      if (query["watch"] === "true") response.writeHead(200).write(line("ADDED", "2"));
      else sendJson(response, object);
    });
    const controller = new AbortController();
    const start = async (): Promise<unknown> =>
      watching(kube, controller.signal)[Symbol.asyncIterator]().next();
    await Promise.all(Array.from({ length: limits.kubeWatchesMax }, start));
    expect(await kube.get(ref)).toEqual(object);
    expect(await errorOf(start())).toMatchObject({ reason: "TooManyWatches", retry: true });
    controller.abort();
  });
});
