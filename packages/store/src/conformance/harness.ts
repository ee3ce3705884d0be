import { messageOf, isFailure, type ErrorCode } from "@octoplane/shared/errors";
import { expect } from "vitest";
import type { Change, ChangeBatch, Revision, Store, Write } from "../store.ts";

/**
 * What the chapters of the suite share. Every test has a store of its own, or keys of its own in
 * one.
 */

/** A store for one test, and the prefix that only this test writes below. */
export interface Bench {
  readonly store: Store;
  readonly prefix: string;
}

export type Open = () => Promise<Bench>;

export function text(value: string): Uint8Array {
  return Buffer.from(value);
}

export function put(key: string, value: string, lease?: bigint): Write {
  return { key, value: text(value), ...(lease !== undefined && { lease }) };
}

/** The code of the error that a call ends with; `undefined` when it does not fail. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}

/** A change as a line: `put key value` or `remove key`. */
export function lineOf(change: Change): string {
  return change.type === "put"
    ? `put ${change.entry.key} ${Buffer.from(change.entry.value).toString()}`
    : `remove ${change.key}`;
}

/** A watch that runs on its own and keeps what it saw. */
export class Watcher implements AsyncDisposable {
  readonly batches: ChangeBatch[] = [];
  error: unknown;
  isOver = false;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #wake: (() => void) | undefined;

  constructor(store: Store, prefix: string, after: Revision) {
    this.#running = this.#run(store.watch(prefix, after, this.#abort.signal));
  }

  get changes(): readonly Change[] {
    return this.batches.flatMap((batch) => batch.changes);
  }

  /** Resolves when the condition holds; fails with what was seen when that takes too long. */
  async until(condition: () => boolean, deadlineMs = 15_000): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (!condition()) {
      const leftMs = end - performance.now();
      if (leftMs <= 0 || this.isOver) {
        expect.fail(
          `saw ${this.changes.length} changes, then: ${messageOf(this.error ?? "nothing")}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Resolves when the watch has ended by itself. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(batches: AsyncIterable<ChangeBatch>): Promise<void> {
    try {
      for await (const batch of batches) {
        this.batches.push(batch);
        this.#wake?.();
      }
    } catch (error) {
      this.error = error;
    }
    this.isOver = true;
    this.#wake?.();
  }
}

/** Asks until the answer is as wanted. */
export async function waitFor(
  condition: () => Promise<boolean>,
  what: string,
  deadlineMs = 15_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) expect.fail(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
