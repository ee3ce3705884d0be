import { systemClock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { EtcdConnection } from "@octoplane/store/etcd/etcd-connection";
import { openWatchStream } from "@octoplane/store/etcd/etcd-watch-stream";
import { systemRandom } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasEtcd, startEtcd, type EtcdServer } from "./etcd-server.ts";

const parts = { clock: systemClock, log: silentLog };

describe.runIf(hasEtcd())("watches of etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd({ fsync: false });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a watch that ends as its reader wants leaves the member in use", async () => {
    const host = server.hosts[0]!;
    const connection = new EtcdConnection(
      [host, host.replace("127.0.0.1", "localhost")],
      {},
      systemClock,
    );
    const before = connection.stream().client;
    const watch = { connection, random: systemRandom, progressMs: 100, ...parts };
    const request = { prefix: "/", after: 1n, signal: new AbortController().signal };
    const closing = new AbortController().signal;
    for await (const batch of openWatchStream({ ...watch, closing }, request)) {
      expect(batch.changes).toEqual([]);
      break;
    }
    // The end of the stream is told within some turns; a request takes more of them.
    await connection.read("version", (client) => client.maintenance.status());
    await nextTurn();
    expect(connection.stream().client).toBe(before);
    connection.close();
  });

  test("a slow reader of large values stops the stream, and gets everything later", async () => {
    await using store = await openStore(server.url, { progressMs: 200 }, parts);
    const { revision } = await store.list("/large/");
    const abort = new AbortController();
    const batches = store.watch("/large/", revision, abort.signal)[Symbol.asyncIterator]();
    const first = batches.next();
    const value = new Uint8Array(1_200_000);
    const count = Math.ceil((2.5 * limits.watchBufferBytesMax) / value.byteLength);
    for (let step = 0; step < count; step += 1) {
      await store.commit([], [{ key: `/large/${step}`, value }]);
    }
    const keys: string[] = [];
    for (let step = await first; keys.length < count && !step.done; step = await batches.next()) {
      for (const change of step.value.changes) {
        if (change.type === "put") keys.push(change.entry.key);
      }
      if (keys.length === count) break;
    }
    expect(keys).toEqual(Array.from({ length: count }, (_, step) => `/large/${step}`));
    abort.abort();
    await batches.return?.();
  });
});
