import { limits } from "@octoplane/shared/limits";
import type { Etcd3, IKeyValue } from "etcd3";
import type { Entry } from "../store.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { EtcdPump, type Waiting } from "./etcd-pump.ts";

interface WaitingRead extends Waiting<Entry | undefined> {
  readonly key: string;
}

/**
 * Reads of single keys that are made together, or while others are under way, share a request. A
 * read is never answered by a request that was sent before it came, so it sees all that was
 * acknowledged before.
 */
export class EtcdReads {
  readonly #connection: EtcdConnection;
  readonly #pump: EtcdPump<WaitingRead>;

  constructor(connection: EtcdConnection) {
    this.#connection = connection;
    this.#pump = new EtcdPump({ take: takeReads, send: (batch) => this.#send(batch) });
  }

  get(key: string): Promise<Entry | undefined> {
    return new Promise((resolve, reject) => {
      this.#pump.add({ key, resolve, reject });
    });
  }

  async #send(batch: readonly WaitingRead[]): Promise<void> {
    const keys = [...new Set(batch.map(({ key }) => key))];
    const entries = await this.#connection.read("read", (client) => readKeys(client, keys));
    for (const waiting of batch) waiting.resolve(entries.get(waiting.key));
  }
}

function takeReads<T>(waiting: readonly T[]): {
  readonly batch: readonly T[];
  readonly left: readonly T[];
} {
  const batch = waiting.slice(0, limits.readBatchMax);
  return { batch, left: waiting.slice(batch.length) };
}

async function readKeys(client: Etcd3, keys: readonly string[]): Promise<Map<string, Entry>> {
  const ranges = keys.map((key) => ({ key: Buffer.from(key) }));
  const answers =
    ranges.length === 1
      ? [await client.kv.range(ranges[0]!)]
      : (
          await client.kv.txn({ success: ranges.map((range) => ({ request_range: range })) })
        ).responses.map(({ response_range }) => response_range);
  const found = answers.flatMap(({ kvs }) => kvs.map(toEntry));
  return new Map(found.map((entry) => [entry.key, entry]));
}

/** An entry as etcd tells of it. */
export function toEntry(item: IKeyValue): Entry {
  return {
    key: item.key.toString(),
    value: item.value,
    revision: BigInt(item.mod_revision),
    created: BigInt(item.create_revision),
  };
}
