import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Guard, Page, Write } from "./store.ts";

/**
 * What both stores refuse, in one place: what LMDB would take and etcd would not (or the other way
 * round) is refused by both, so that an installation can move from one to the other.
 */

/**
 * Throws `Invalid` for a key that is empty, too long, no text, or named twice among the guards or
 * the writes, and `TooLarge` for more operations or bytes than one commit may have.
 */
export function checkCommit(guards: readonly Guard[], writes: readonly Write[]): void {
  const operations = Math.max(guards.length, writes.length);
  if (operations > limits.commitOperationsMax) {
    throw failure(
      "TooLarge",
      `a commit of ${operations} operations is larger than ${limits.commitOperationsMax}`,
    );
  }
  checkKeys(guards);
  checkKeys(writes);
  const bytes = commitBytes(guards, writes);
  if (bytes > limits.commitBytesMax) {
    throw failure("TooLarge", `a commit of ${bytes} bytes is larger than ${limits.commitBytesMax}`);
  }
}

/** Bytes of all keys and values of a commit: what counts against `commitBytesMax`. */
export function commitBytes(guards: readonly Guard[], writes: readonly Write[]): number {
  let bytes = 0;
  for (const guard of guards) bytes += Buffer.byteLength(guard.key);
  for (const write of writes) {
    bytes += Buffer.byteLength(write.key) + ("value" in write ? write.value.byteLength : 0);
  }
  return bytes;
}

/** Throws `Invalid` unless this can be the key of an entry. */
export function checkKey(key: string): void {
  if (key === "") throw failure("Invalid", "a key is empty");
  checkPrefix(key);
}

/** Throws `Invalid` unless keys can begin with this; the empty prefix is every key's. */
export function checkPrefix(prefix: string): void {
  const bytes = Buffer.byteLength(prefix);
  if (bytes > limits.keyBytesMax) {
    throw failure("Invalid", `a key of ${bytes} bytes is longer than ${limits.keyBytesMax}`);
  }
  if (!prefix.isWellFormed() || prefix.includes("\0")) {
    throw failure("Invalid", "a key holds a NUL or half of a surrogate pair");
  }
}

/** Throws `Invalid` for a page that cannot exist. */
export function checkPage(prefix: string, page: Page): void {
  checkPrefix(prefix);
  if (page.after !== undefined) checkPrefix(page.after);
  if (page.limit !== undefined && (!Number.isSafeInteger(page.limit) || page.limit < 1)) {
    throw failure("Invalid", `a page cannot have ${page.limit} entries`);
  }
  if (page.at !== undefined && page.at < 1n) {
    throw failure("Invalid", `there is no revision ${page.at} to list at`);
  }
}

/** Whole seconds of a lease, rounded up; throws `Invalid` for a time that is not above zero. */
export function leaseSeconds(ttlMs: number): number {
  if (!Number.isFinite(ttlMs) || ttlMs <= 0) {
    throw failure("Invalid", `a lease cannot last ${ttlMs} ms`);
  }
  return Math.ceil(ttlMs / 1_000);
}

function checkKeys(items: readonly { readonly key: string }[]): void {
  const seen = new Set<string>();
  for (const { key } of items) {
    checkKey(key);
    if (seen.has(key)) throw failure("Invalid", `the key ${key} stands twice in one commit`);
    seen.add(key);
  }
}
