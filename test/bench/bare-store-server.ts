import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { fastify } from "fastify";
import { systemClock as clock } from "@octoplane/shared/clock";
import { openLog } from "@octoplane/shared/log";
import { systemRandom as random } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { Entry, Write } from "@octoplane/store/store";

/**
 * The baseline of the load: a bare web server over the same store, with one commit for each write and no guard, no schema, no
 * users and no rights. It gives objects as they were sent.
 */
const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: "" }, store: { type: "string" } },
});
const dataDir = values["data-dir"];
writeFileSync(join(dataDir, "admin.token"), "none");
const log = openLog("bare", "warn");
const url = values.store ?? `lmdb://${join(dataDir, "store")}`;
const store = await openStore(url, {}, { clock, random, log });
const stop = new AbortController();
const app = fastify({ forceCloseConnections: true });

interface Place {
  readonly Params: { readonly namespace: string; readonly name: string };
  readonly Querystring: { readonly watch?: string; readonly resource_version?: string };
  readonly Body: { readonly metadata: { readonly name: string } };
}
const all = "/kubernetes/namespaces/:namespace/applications";
const prefixOf = (namespace: string): string => `/bare/${namespace}/`;
const textOf = (entry: Entry): string => Buffer.from(entry.value).toString();

async function write(namespace: string, name: string, body: unknown): Promise<unknown> {
  const key = `${prefixOf(namespace)}${name}`;
  const change: Write =
    body === undefined ? { key, remove: true } : { key, value: Buffer.from(JSON.stringify(body)) };
  await store.commit([], [change]);
  return body ?? {};
}

async function* eventsOf(prefix: string, after: bigint): AsyncIterable<string> {
  // The head of the answer goes out with its first bytes.
  yield "\n";
  for await (const { changes } of store.watch(prefix, after, stop.signal)) {
    for (const change of changes) {
      if (change.type === "remove") yield `{"type":"DELETED","object":{}}\n`;
      else {
        const { created, revision } = change.entry;
        const type = created === revision ? "ADDED" : "MODIFIED";
        yield `{"type":"${type}","object":${textOf(change.entry)}}\n`;
      }
    }
  }
}

app.post<Place>(all, (request) =>
  write(request.params.namespace, request.body.metadata.name, request.body),
);
app.put<Place>(`${all}/:name`, ({ params, body }) => write(params.namespace, params.name, body));
app.delete<Place>(`${all}/:name`, ({ params }) => write(params.namespace, params.name, undefined));
app.get<Place>(`${all}/:name`, async ({ params }, reply) => {
  const entry = await store.get(`${prefixOf(params.namespace)}${params.name}`);
  if (!entry) return reply.code(404).send();
  return reply.type("application/json").send(textOf(entry));
});
app.get<Place>(all, async ({ params, query }, reply) => {
  const prefix = prefixOf(params.namespace);
  if (query.watch !== undefined) {
    const events = eventsOf(prefix, BigInt(query.resource_version ?? "0"));
    return reply.type("application/x-ndjson").send(Readable.from(events));
  }
  const { entries, revision } = await store.list(prefix);
  const items = entries.map(textOf).join(",");
  const body = `{"metadata":{"resource_version":"${revision}"},"items":[${items}]}`;
  return reply.type("application/json").send(body);
});

await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
process.once("SIGTERM", () => {
  stop.abort();
  void app.close().then(() => store[Symbol.asyncDispose]());
});
