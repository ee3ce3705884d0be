import { failure } from "@octoplane/shared/errors";
import type { ITxnResponse } from "etcd3";
import type { Guard, Revision, Write } from "../store.ts";
import { batchRequest, takeBatch, type Proposal } from "./etcd-batch.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { EtcdPump, type Waiting } from "./etcd-pump.ts";

type WaitingCommit = Proposal & Waiting<Revision>;

/**
 * Group commit: commits that are made together, or while others are under way, share a request.
 * Each is a transaction of its own inside that of the request, and succeeds or fails alone.
 */
export class EtcdCommits {
  readonly #connection: EtcdConnection;
  readonly #onRevision: (revision: Revision) => void;
  readonly #pump: EtcdPump<WaitingCommit>;

  constructor(connection: EtcdConnection, onRevision: (revision: Revision) => void) {
    this.#connection = connection;
    this.#onRevision = onRevision;
    this.#pump = new EtcdPump({ take: takeBatch, send: (batch) => this.#send(batch) });
  }

  commit(guards: readonly Guard[], writes: readonly Write[]): Promise<Revision> {
    return new Promise((resolve, reject) => {
      this.#pump.add({ guards, writes, resolve, reject });
    });
  }

  async #send(batch: readonly WaitingCommit[]): Promise<void> {
    const request = batchRequest(batch);
    const answer = await this.#connection.write("commit", (client) => client.kv.txn(request));
    settle(batch, answer);
    this.#onRevision(BigInt(answer.header.revision));
  }
}

function settle(batch: readonly WaitingCommit[], answer: ITxnResponse): void {
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
