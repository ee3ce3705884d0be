import { limits } from "@octoplane/shared/limits";
import type { ICompare, IRequestOp, ITxnRequest } from "etcd3";
import { commitBytes } from "../check-commit.ts";
import type { Guard, Write } from "../store.ts";

/**
 * Which commits go together into one etcd transaction, and what that transaction looks like. Pure.
 */

export interface Proposal {
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
}

/**
 * Proposals that nothing else may share a request with: etcd refuses the whole request over an
 * ended lease.
 */
function isAlone(proposal: Proposal): boolean {
  return proposal.writes.some((write) => "value" in write && write.lease !== undefined);
}

/**
 * Takes the longest run of proposals, in order, that fit into one request. One that touches a key
 * which the request writes, or writes a key which the request looks at, stays for the next: etcd
 * checks all guards of a transaction, the nested ones too, before its first write.
 */
export function takeBatch<T extends Proposal>(
  waiting: readonly T[],
): { readonly batch: readonly T[]; readonly left: readonly T[] } {
  const batch: T[] = [];
  const left: T[] = [];
  const room = new Room();
  for (const [position, proposal] of waiting.entries()) {
    if (room.isFull || left.length >= limits.commitBatchMax) {
      left.push(...waiting.slice(position));
      break;
    }
    if (room.admit(proposal)) batch.push(proposal);
    else left.push(proposal);
  }
  return { batch, left };
}

/** What one request has taken up so far. */
class Room {
  readonly #written = new Set<string>();
  readonly #guarded = new Set<string>();
  #count = 0;
  #widest = 0;
  #bytes = 0;
  isFull = false;

  admit(proposal: Proposal): boolean {
    const width = Math.max(proposal.guards.length, proposal.writes.length);
    const bytes = commitBytes(proposal.guards, proposal.writes);
    if (this.#count > 0 && !this.#fits(proposal, width, bytes)) return false;
    for (const { key } of proposal.writes) this.#written.add(key);
    for (const { key } of proposal.guards) this.#guarded.add(key);
    this.#count += 1;
    this.#widest = Math.max(this.#widest, width);
    this.#bytes += bytes;
    this.isFull = isAlone(proposal) || this.#count >= limits.commitBatchMax;
    return true;
  }

  #fits(proposal: Proposal, width: number, bytes: number): boolean {
    // etcd counts the operations of a nested transaction on top of the number of those beside it.
    const operations = this.#count + 1 + Math.max(this.#widest, width);
    if (operations > limits.commitOperationsMax) return false;
    if (this.#bytes + bytes > limits.commitBytesMax) return false;
    if (isAlone(proposal)) return false;
    return (
      proposal.writes.every(({ key }) => !this.#written.has(key) && !this.#guarded.has(key)) &&
      proposal.guards.every(({ key }) => !this.#written.has(key))
    );
  }
}

/** One transaction for the batch; nested ones when there are several. */
export function batchRequest(batch: readonly Proposal[]): ITxnRequest {
  const requests = batch.map(proposalRequest);
  return requests.length === 1
    ? requests[0]!
    : { success: requests.map((request_txn) => ({ request_txn })) };
}

function proposalRequest({ guards, writes }: Proposal): ITxnRequest {
  return { compare: guards.map(compare), success: writes.map(operation) };
}

function compare({ key, revision }: Guard): ICompare {
  return {
    key: Buffer.from(key),
    target: "Mod",
    result: "Equal",
    mod_revision: revision.toString(),
  };
}

function operation(write: Write): IRequestOp {
  const key = Buffer.from(write.key);
  if (!("value" in write)) return { request_delete_range: { key } };
  const { buffer, byteOffset, byteLength } = write.value;
  const value = Buffer.from(buffer, byteOffset, byteLength);
  const lease = write.lease === undefined ? {} : { lease: write.lease.toString() };
  return { request_put: { key, value, ...lease } };
}
