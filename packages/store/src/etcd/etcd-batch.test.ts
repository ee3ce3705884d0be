import { limits } from "@octoplane/shared/limits";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commitBytes } from "../check-commit.ts";
import type { Guard, Write } from "../store.ts";
import { batchRequest, takeBatch, type Proposal } from "./etcd-batch.ts";

const key = fc.integer({ min: 0, max: 400 }).map((number) => `/k/${number}`);
const guard = fc.record({ key, revision: fc.bigInt({ min: 0n, max: 9n }) });
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ key, value: fc.nat(300_000).map((size) => new Uint8Array(size)) }),
  fc.record({ key, remove: fc.constant(true as const) }),
);
const proposal: fc.Arbitrary<Proposal> = fc.record({
  guards: fc.uniqueArray(guard, { selector: (item) => item.key, maxLength: 20 }),
  writes: fc.uniqueArray(write, { selector: (item) => item.key, maxLength: 4 }),
});

test("a batch fits into one request and its commits do not touch what another writes", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 150 }), (waiting) => {
      const { batch } = takeBatch(waiting);
      if (batch.length < 2) return;
      const widths = batch.map(({ guards, writes }) => Math.max(guards.length, writes.length));
      expect(batch.length + Math.max(...widths)).toBeLessThanOrEqual(limits.commitOperationsMax);
      const bytes = batch.map(({ guards, writes }) => commitBytes(guards, writes));
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(limits.commitBytesMax);
      batch.forEach((one, position) => {
        const written = new Set(one.writes.map((item) => item.key));
        batch.forEach((other, place) => {
          if (place === position) return;
          const touched: readonly (Guard | Write)[] = [...other.guards, ...other.writes];
          expect(touched.filter((item) => written.has(item.key))).toEqual([]);
        });
      });
    }),
    { numRuns: 50 },
  );
});

test("every proposal is taken in the end, each once, and the first one always now", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 150 }), (proposals) => {
      const taken: Proposal[] = [];
      let waiting: readonly Proposal[] = proposals;
      while (waiting.length > 0) {
        const { batch, left } = takeBatch(waiting);
        expect(batch[0]).toBe(waiting[0]);
        taken.push(...batch);
        waiting = left;
      }
      expect(new Set(taken)).toEqual(new Set(proposals));
      expect(taken).toHaveLength(proposals.length);
    }),
    { numRuns: 50 },
  );
});

test("a commit with a lease shares its request with no other", () => {
  const plain = (name: string): Proposal => ({
    guards: [],
    writes: [{ key: name, value: new Uint8Array() }],
  });
  const leased = { guards: [], writes: [{ key: "l", value: new Uint8Array(), lease: 7n }] };
  expect(takeBatch([plain("a"), leased, plain("b")]).batch).toEqual([plain("a"), plain("b")]);
  expect(takeBatch([leased, plain("b")]).batch).toEqual([leased]);
});

test("one commit is a plain transaction, several are nested ones", () => {
  const one = {
    guards: [{ key: "a", revision: 5n }],
    writes: [{ key: "b", remove: true as const }],
  };
  const plain = {
    compare: [{ key: Buffer.from("a"), target: "Mod", result: "Equal", mod_revision: "5" }],
    success: [{ request_delete_range: { key: Buffer.from("b") } }],
  };
  expect(batchRequest([one])).toEqual(plain);
  expect(batchRequest([one, one])).toEqual({
    success: [{ request_txn: plain }, { request_txn: plain }],
  });
});
