import { limits } from "@octoplane/shared/limits";
import type { Etcd3, IKeyValue } from "etcd3";
import type { Entry } from "../store.ts";
import type { EtcdConnection } from "./etcd-connection.ts";

interface Waiting {
  readonly key: string;
  readonly resolve: (entry: Entry | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads of single keys that arrive while others are under way are asked for together. A read is
 * never answered by a request that was sent before it came, so it sees all that was acknowledged
 * before.
 */
export class EtcdReads {
  readonly #connection: EtcdConnection;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #isPumping = false;

  constructor(connection: EtcdConnection) {
    this.#connection = connection;
  }

  get(key: string): Promise<Entry | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#isPumping) return;
      this.#isPumping = true;
      queueMicrotask(() => {
        this.#isPumping = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underWay < limits.etcdRequestsMax) {
      const batch = this.#waiting.slice(0, limits.readBatchMax);
      this.#waiting = this.#waiting.slice(batch.length);
      this.#underWay += 1;
      void this.#send(batch);
    }
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const keys = [...new Set(batch.map(({ key }) => key))];
      const entries = await this.#connection.read("read", (client) => readKeys(client, keys));
      for (const waiting of batch) waiting.resolve(entries.get(waiting.key));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    } finally {
      this.#underWay -= 1;
      this.#pump();
    }
  }
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
