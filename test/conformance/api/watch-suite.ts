import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { sampleOf } from "./samples.ts";
import { WatchStream, type OpenServer, type ServerBench } from "./server-bench.ts";

function path(namespace: string): string {
  return `/kubernetes/namespaces/${namespace}/applications`;
}

/** Watches (contract section 1.6), and what is added to them: resuming and bookmarks. */
export function watchSuite(open: OpenServer): void {
  let server: ServerBench;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const create = async (namespace: string, name: string): Promise<Json> =>
    await server.ok("POST", path(namespace), { body: sampleOf("Application", name) });
  const listed = async (namespace: string): Promise<string> =>
    (await server.ok("GET", path(namespace))).metadata.resource_version;
  const seen = async (watch: WatchStream, count: number): Promise<readonly string[]> => {
    await waitFor(`${count} events`, () => watch.lines.length >= count, {
      seen: () => watch.lines,
    });
    return watch.lines;
  };

  describe("a watch", () => {
    it("begins now, and shows its own namespace only", async () => {
      await create("w1", "before");
      await using one = await WatchStream.open(server, `${path("w1")}?watch`);
      await using all = await WatchStream.open(server, "/kubernetes/applications?watch=true");
      await create("w1", "a");
      await create("w2", "b");
      await create("w1", "c");
      expect(await seen(all, 3)).toEqual(["ADDED w1/a", "ADDED w2/b", "ADDED w1/c"]);
      expect(await seen(one, 2)).toEqual(["ADDED w1/a", "ADDED w1/c"]);
    });

    it("sends blank lines as often as it was asked to, and none for 0", async () => {
      await using beating = await WatchStream.open(server, `${path("w3")}?watch&heartbeat=1`);
      await using silent = await WatchStream.open(server, `${path("w3")}?watch&heartbeat=0`);
      await waitFor("a heartbeat", () => beating.heartbeats >= 1);
      expect(silent.heartbeats).toBe(0);
    });

    it("after a list tells what came since, and nothing of the list again", async () => {
      await create("w4", "a");
      const version = await listed("w4");
      await create("w4", "b");
      await using watch = await WatchStream.open(
        server,
        `${path("w4")}?watch&resource_version=${version}`,
      );
      await create("w4", "c");
      expect(await seen(watch, 2)).toEqual(["ADDED w4/b", "ADDED w4/c"]);
    });

    it("goes on from the version of the last object that it has shown", async () => {
      const version = await listed("w5");
      await create("w5", "a");
      await create("w5", "b");
      const first = await WatchStream.open(
        server,
        `${path("w5")}?watch&resource_version=${version}`,
      );
      await seen(first, 2);
      await first[Symbol.asyncDispose]();
      const last = first.events[0]!.object.metadata.resource_version;
      await using next = await WatchStream.open(
        server,
        `${path("w5")}?watch&resource_version=${last}`,
      );
      expect(await seen(next, 1)).toEqual(["ADDED w5/b"]);
    });

    it("tells with bookmarks how far it has come, also while nothing happens to its kind", async () => {
      const watched = `${path("w6")}?watch&bookmarks`;
      await using watch = await WatchStream.open(server, watched);
      const bookmarks = () => watch.events.filter(({ type }) => type === "BOOKMARK");
      await waitFor("a bookmark", () => bookmarks().length > 0);
      await server.ok("POST", "/core/globalmetrics", { body: sampleOf("GlobalMetric", "other") });
      const { metadata } = await server.ok("GET", path("w6"));
      const reached = () => bookmarks().at(-1)!.object.metadata.resource_version;
      await waitFor("progress", () => BigInt(reached()) >= BigInt(metadata.resource_version), {
        seen: () => [reached(), metadata],
      });
      const versions = bookmarks().map(({ object }) => BigInt(object.metadata.resource_version));
      expect(versions).toEqual(versions.toSorted((a, b) => (a < b ? -1 : 1)));
      await using resumed = await WatchStream.open(
        server,
        `${path("w6")}?watch&resource_version=${reached()}`,
      );
      await create("w6", "a");
      expect(await seen(resumed, 1)).toEqual(["ADDED w6/a"]);
    });

    it("from a revision that is no longer kept, or that never was, is answered with 410", async () => {
      for (const version of ["1", "9000000000000000000"]) {
        const answer = await server.call("GET", `${path("w1")}?watch&resource_version=${version}`);
        expect(answer.status).toBe(410);
        expect(answer.body).toMatchObject({
          code: "Compacted",
          detail: expect.stringContaining("list again"),
        });
      }
    });

    it("whose reader does not read is cut off; the others go on", async () => {
      await create("w7", "big");
      await using reader = await WatchStream.open(server, `${path("w7")}?watch`);
      const { hostname, port } = new URL(server.address);
      const socket = connect(Number(port), hostname);
      const isClosed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      socket.on("error", () => undefined);
      const token = server.tokenOf("system:admin");
      socket.write(
        `GET ${path("w7")}?watch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
      await new Promise<void>((resolve) => socket.once("data", () => resolve()));
      socket.pause();
      const body = await server.ok("GET", `${path("w7")}/big`);
      const filling = "x".repeat(1_200_000);
      const writes = 45;
      for (let index = 0; index < writes; index += 1) {
        const { metadata: _read, ...rest } = body;
        const manifest = [{ ...rest.spec.manifest[0], data: { filling, index } }];
        const sent = { metadata: { name: "big" }, spec: { ...rest.spec, manifest } };
        await server.ok("PUT", `${path("w7")}/big`, { body: sent });
      }
      await seen(reader, writes);
      socket.resume();
      await isClosed;
      expect(reader.isOver).toBe(false);
    });

    it("of a client that goes away leaves nothing behind, and there are no more than the limit", async () => {
      for (let index = 0; index < 50; index += 1) {
        const watch = await WatchStream.open(server, `${path("w8")}?watch`);
        await watch[Symbol.asyncDispose]();
      }
      await using last = await WatchStream.open(server, `${path("w8")}?watch`);
      await create("w8", "a");
      expect(await seen(last, 1)).toEqual(["ADDED w8/a"]);
    });
  });

  it("watches end when the server is closed", async () => {
    const other = await open();
    const watch = await WatchStream.open(other, `${path("w9")}?watch`);
    await other[Symbol.asyncDispose]();
    await watch.ended();
    expect(watch.isOver).toBe(true);
  });
}
