import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ITxnResponse } from "etcd3";
import type { Guard, Revision, Write } from "../store.ts";
import { batchRequest, takeBatch } from "./etcd-batch.ts";
import type { EtcdConnection } from "./etcd-connection.ts";

interface Waiting {
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
  readonly resolve: (revision: Revision) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: a commit is sent at once when no request is under way, and what arrives meanwhile
 * goes together in the next. Each is a transaction of its own inside that of the request, and
 * succeeds or fails alone.
 */
export class EtcdCommits {
  readonly #connection: EtcdConnection;
  readonly #onRevision: (revision: Revision) => void;
  #waiting: readonly Waiting[] = [];
  #arrived: Waiting[] = [];
  #underWay = 0;
  #isPumping = false;

  constructor(connection: EtcdConnection, onRevision: (revision: Revision) => void) {
    this.#connection = connection;
    this.#onRevision = onRevision;
  }

  commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    return new Promise((resolve, reject) => {
      this.#arrived.push({ guards, writes, resolve, reject });
      if (this.#isPumping) return;
      this.#isPumping = true;
      // At the end of this turn, so that commits which are made together are sent together.
      queueMicrotask(() => {
        this.#isPumping = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#underWay < limits.etcdRequestsMax) {
      if (this.#arrived.length > 0) {
        this.#waiting = [...this.#waiting, ...this.#arrived];
        this.#arrived = [];
      }
      const { batch, left } = takeBatch(this.#waiting);
      if (batch.length === 0) return;
      this.#waiting = left;
      this.#underWay += 1;
      void this.#send(batch);
    }
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const request = batchRequest(batch);
      const answer = await this.#connection.write("commit", (client) => client.kv.txn(request));
      settle(batch, answer);
      this.#onRevision(BigInt(answer.header.revision));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    } finally {
      this.#underWay -= 1;
      this.#pump();
    }
  }
}

function settle(batch: readonly Waiting[], answer: ITxnResponse): void {
  const revision = BigInt(answer.header.revision);
  batch.forEach((waiting, position) => {
    const own = batch.length === 1 ? answer : answer.responses[position]?.response_txn;
    if (own?.succeeded) waiting.resolve(revision);
    else waiting.reject(conflict(waiting.guards));
  });
}

function conflict(guards: readonly Guard[]): Error {
  const expected = guards.map(({ key, revision }) => `${key} at revision ${revision}`).join(", ");
  return failure("Conflict", `expected ${expected}, which no longer holds`);
}
