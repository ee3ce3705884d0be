import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "undici";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { waitFor } from "../wait-for.ts";
import { percentile, type Report } from "./figure.ts";
import { startServer, type BenchServer } from "./server.ts";

/** 20 namespaces, each with one client that watches it and nine that work in it. */
const namespaces = Array.from({ length: 20 }, (_, index) => `load-${index}`);
const workersOfEach = 9;
const kinds = ["read", "list", "write"] as const;
type Kind = (typeof kinds)[number];

const sample = JSON.parse(readFileSync(join(import.meta.dirname, "application.json"), "utf8")) as {
  readonly metadata: object;
  readonly spec: object;
};

/** What one load came to: milliseconds of every request, and how long it took. */
interface Outcome {
  readonly taken: Readonly<Record<Kind, number[]>>;
  readonly seconds: number;
}

/**
 * 200 clients that mix reads, lists, writes and watches against the API, and then against a bare web server over the same
 * sort of store. Every answer must be a good one and every watch must see every write, or it ends with an error.
 */
export async function benchLoad(report: Report, seconds: number): Promise<void> {
  await loadOver(report, "lmdb", [], seconds);
  if (!hasEtcd()) return;
  await using etcd = await startEtcd({ fsync: true });
  await loadOver(report, "etcd", ["--store", etcd.url], seconds);
}

async function loadOver(
  report: Report,
  store: string,
  args: readonly string[],
  seconds: number,
): Promise<void> {
  const measure = async (main: string): Promise<Outcome> => {
    await using server = await startServer(main, args);
    return await new Load(server).run(seconds * 1_000);
  };
  const bare = await measure("test/bench/bare-store-server.ts");
  const api = await measure("test/bench/api-only.ts");
  const rate = ({ taken, seconds: took }: Outcome): number =>
    kinds.reduce((sum, kind) => sum + taken[kind].length, 0) / took;
  const baseline = (value: number) => ({ name: "bare route", value });
  report({
    name: `load.${store}.requests.200`,
    value: rate(api),
    unit: "/s",
    baseline: baseline(rate(bare)),
    goal: "no error",
  });
  for (const kind of kinds) {
    for (const [name, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const) {
      report({
        name: `load.${store}.${kind}.${name}`,
        value: percentile(api.taken[kind], share),
        unit: "ms",
        baseline: baseline(percentile(bare.taken[kind], share)),
      });
    }
  }
}

/** One load against one server. */
class Load {
  readonly #server: BenchServer;
  readonly #pool: Pool;
  #taken: Record<Kind, number[]> = { read: [], list: [], write: [] };
  /** By namespace: how many writes were answered, and how many events the watch of it has seen. */
  readonly #written = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  /** How much of a line that has no end yet. */
  readonly #begun = new Map<string, number>();
  #serial = 0;

  constructor(server: BenchServer) {
    this.#server = server;
    const connections = namespaces.length * (workersOfEach + 1);
    this.#pool = new Pool(server.address, { connections, bodyTimeout: 0 });
  }

  async run(forMs: number): Promise<Outcome> {
    const stop = new AbortController();
    const watches = await Promise.all(namespaces.map((name) => this.#watch(name, stop.signal)));
    const broken = Promise.race(watches.map(({ over }) => over));
    try {
      await Promise.race([this.#work(forMs / 10), broken]);
      this.#taken = { read: [], list: [], write: [] };
      const began = performance.now();
      await Promise.race([this.#work(forMs), broken]);
      const seconds = (performance.now() - began) / 1_000;
      await this.#allSeen();
      return { taken: this.#taken, seconds };
    } finally {
      stop.abort();
      await this.#pool.destroy();
    }
  }

  async #work(forMs: number): Promise<void> {
    const end = performance.now() + forMs;
    const workers = namespaces.flatMap((namespace) =>
      Array.from({ length: workersOfEach }, () => this.#worker(namespace, end)),
    );
    await Promise.all(workers);
  }

  /** The life of one application after the other: made, read, listed, changed, read again, and removed. */
  async #worker(namespace: string, end: number): Promise<void> {
    const all = `/kubernetes/namespaces/${namespace}/applications`;
    while (performance.now() < end) {
      const name = `app-${(this.#serial += 1)}`;
      const one = `${all}/${name}`;
      const body = { metadata: { ...sample.metadata, name }, spec: sample.spec };
      await this.#timed("write", "POST", all, body);
      await this.#timed("read", "GET", one);
      await this.#timed("list", "GET", all);
      const found = await this.#timed("read", "GET", one);
      const changed = JSON.parse(found) as { spec: { backoff?: number } };
      changed.spec.backoff = 2;
      await this.#timed("write", "PUT", one, changed);
      for (let count = 0; count < 4; count += 1) await this.#timed("read", "GET", one);
      await this.#timed("write", "DELETE", `${one}?force=True`);
      this.#written.set(namespace, (this.#written.get(namespace) ?? 0) + 3);
    }
  }

  async #timed(kind: Kind, method: Method, path: string, body?: object): Promise<string> {
    const began = performance.now();
    const text = await this.#send(method, path, body);
    this.#taken[kind].push(performance.now() - began);
    return text;
  }

  async #send(method: Method, path: string, body?: object): Promise<string> {
    const { statusCode, body: answer } = await this.#pool.request({
      method,
      path,
      headers: {
        authorization: `Bearer ${this.#server.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(`${method} ${path}: ${statusCode} ${text}`);
    return text;
  }

  /** Counts the events of a namespace until the signal; the promise inside fails when the watch ends before it. */
  async #watch(namespace: string, signal: AbortSignal): Promise<{ readonly over: Promise<void> }> {
    const all = `/kubernetes/namespaces/${namespace}/applications`;
    const listed = JSON.parse(await this.#send("GET", all)) as {
      readonly metadata: { readonly resource_version: string };
    };
    const { statusCode, body } = await this.#pool.request({
      method: "GET",
      path: `${all}?watch=1&resource_version=${listed.metadata.resource_version}`,
      headers: { authorization: `Bearer ${this.#server.token}` },
      signal,
    });
    if (statusCode !== 200) throw new Error(`watch of ${namespace}: ${statusCode}`);
    const follow = async (): Promise<void> => {
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) this.#count(namespace, chunk);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      if (!signal.aborted) throw new Error(`the watch of ${namespace} has ended`);
    };
    return { over: follow() };
  }

  /** An event is a line of the stream that is not empty; the empty ones are heartbeats. */
  #count(namespace: string, chunk: Buffer): void {
    let length = this.#begun.get(namespace) ?? 0;
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (length + end - start > 0) this.#seen.set(namespace, (this.#seen.get(namespace) ?? 0) + 1);
      length = 0;
      start = end + 1;
    }
    this.#begun.set(namespace, length + chunk.length - start);
  }

  async #allSeen(): Promise<void> {
    for (const namespace of namespaces) {
      const written = this.#written.get(namespace) ?? 0;
      const seen = (): number => this.#seen.get(namespace) ?? 0;
      await waitFor(`the watch of ${namespace} sees ${written} events`, () => seen() >= written, {
        seen,
      });
      if (seen() > written) throw new Error(`${namespace}: ${seen()} events of ${written} writes`);
    }
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";
