import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "undici";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { perSecond, percentile, type Report } from "./figure.ts";
import { startServer, type BenchServer } from "./server.ts";

const clients = 64;
const sample = JSON.parse(readFileSync(join(import.meta.dirname, "application.json"), "utf8")) as {
  readonly metadata: object;
  readonly spec: object;
};

/** REST creates, reads and lists of a 2 kB application by 64 clients, against a bare web server on the same machine. */
export async function benchRest(report: Report): Promise<void> {
  const bare = await measureBare();
  {
    await using server = await startServer("test/bench/api-only.ts", []);
    await measureApi(report, "lmdb", server, bare);
  }
  if (!hasEtcd()) return;
  await using etcd = await startEtcd({ fsync: true });
  await using server = await startServer("test/bench/api-only.ts", ["--store", etcd.url]);
  await measureApi(report, "etcd", server, bare);
}

interface Bare {
  readonly create: number;
  readonly read: number;
  readonly list: number;
}

async function measureBare(): Promise<Bare> {
  await using server = await startServer("test/bench/bare-server.ts", []);
  await using pool = poolOf(server);
  const body = JSON.stringify(sample);
  return {
    create: await perSecond(clients, () => send(pool, server, "POST", "/echo", body)),
    read: await perSecond(clients, () => send(pool, server, "GET", "/one")),
    list: await medianMs(() => send(pool, server, "GET", "/list")),
  };
}

async function measureApi(
  report: Report,
  store: string,
  server: BenchServer,
  bare: Bare,
): Promise<void> {
  await using pool = poolOf(server);
  const path = "/kubernetes/namespaces/bench/applications";
  const create = (namespace: string, index: number): Promise<unknown> => {
    const metadata = { ...sample.metadata, name: `app-${index}` };
    const body = JSON.stringify({ ...sample, metadata });
    return send(pool, server, "POST", `/kubernetes/namespaces/${namespace}/applications`, body);
  };
  const creates = await perSecond(clients, (index) => create("bench", index));
  report({
    name: `rest.${store}.creates.64`,
    value: creates,
    unit: "/s",
    baseline: { name: "bare route", value: bare.create },
    goal: store === "etcd" ? "4,000/s" : "more than on etcd",
  });
  const reads = await perSecond(clients, (index) =>
    send(pool, server, "GET", `${path}/app-${(index % 1_000) + 1}`),
  );
  report({
    name: `rest.${store}.reads.64`,
    value: reads,
    unit: "/s",
    baseline: { name: "bare route", value: bare.read },
    goal: store === "etcd" ? "8,000/s" : "more than on etcd",
  });
  for (let index = 0; index < 400; index += 1) await create("listed", index);
  const list = await medianMs(() =>
    send(pool, server, "GET", "/kubernetes/namespaces/listed/applications"),
  );
  report({
    name: `rest.${store}.list400`,
    value: list,
    unit: "ms",
    baseline: { name: "bare route", value: bare.list },
    goal: "10 ms",
  });
}

function poolOf(server: BenchServer): Pool & AsyncDisposable {
  const pool = new Pool(server.address, { connections: clients });
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.close() });
}

async function send(
  pool: Pool,
  server: BenchServer,
  method: "GET" | "POST",
  path: string,
  body?: string,
): Promise<unknown> {
  const answer = await pool.request({
    method,
    path,
    headers: {
      authorization: `Bearer ${server.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return text;
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < 60; index += 1) {
    const began = performance.now();
    await work();
    samples.push(performance.now() - began);
  }
  return percentile(samples.slice(10), 0.5);
}
