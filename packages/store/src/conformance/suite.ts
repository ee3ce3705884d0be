import { afterEach, describe } from "vitest";
import type { Store } from "../store.ts";
import { commitChapter } from "./commits.ts";
import type { Open } from "./harness.ts";
import { leaseChapter } from "./leases.ts";
import { listChapter } from "./lists.ts";
import { PatientStore } from "./patient-store.ts";
import { refusalChapter } from "./refusals.ts";
import { watchChapter } from "./watches.ts";

/**
 * The sentences that are true of every store. `open` gives a store for one test, with a prefix that
 * is new when the stores of several tests share their data; the suite closes the store. Idle
 * watches must get their marks of progress within seconds, so open it with a short `progressMs`.
 */
export function storeConformance(
  name: string,
  open: () => Promise<{ readonly store: Store; readonly prefix: string }>,
): void {
  describe(name, () => {
    const opened: Store[] = [];
    const bench: Open = async () => {
      const { store, prefix } = await open();
      opened.push(store);
      return { store: new PatientStore(store), prefix };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
    });
    describe("commits", () => commitChapter(bench));
    describe("refusals", () => refusalChapter(bench));
    describe("lists", () => listChapter(bench));
    describe("watches", () => watchChapter(bench));
    describe("leases", () => leaseChapter(bench));
  });
}
