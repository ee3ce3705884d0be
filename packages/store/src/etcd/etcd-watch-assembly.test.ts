import type { IWatchResponse } from "etcd3";
import { expect, test } from "vitest";
import type { ChangeBatch } from "../store.ts";
import { WatchAssembly } from "./etcd-watch-assembly.ts";
import { isOrderedVersion } from "./etcd-watch-stream.ts";

/** An answer of etcd with one put for each of the revisions. */
function answer(revisions: readonly number[], fragment: boolean, header = 0): IWatchResponse {
  const events = revisions.map((revision, position) => ({
    type: "Put" as const,
    kv: {
      key: Buffer.from(`${revision}.${position}`),
      value: Buffer.alloc(0),
      create_revision: `${revision}`,
      mod_revision: `${revision}`,
      version: "1",
      lease: "0",
    },
  }));
  const flags = { created: false, canceled: false, compact_revision: "0", cancel_reason: "" };
  const head = { revision: `${header}`, cluster_id: "1", member_id: "1", raft_term: "1" };
  return { header: head, watch_id: "0", ...flags, fragment, events } as unknown as IWatchResponse;
}

function revisionsOf(batch: ChangeBatch | undefined): readonly number[] {
  return (batch?.changes ?? []).map((change) =>
    Number(change.type === "put" ? change.entry.revision : change.revision),
  );
}

test("a revision that fragments cut in two is handed over whole", () => {
  const assembly = new WatchAssembly(0n);
  expect(revisionsOf(assembly.take(answer([2, 3, 3], true)))).toEqual([2]);
  expect(assembly.take(answer([3, 3], true))).toBeUndefined();
  expect(revisionsOf(assembly.take(answer([3, 4], true)))).toEqual([3, 3, 3, 3, 3]);
  expect(revisionsOf(assembly.take(answer([4, 5], false)))).toEqual([4, 4, 5]);
});

test("a mark of progress between fragments counts for nothing", () => {
  const assembly = new WatchAssembly(0n);
  assembly.take(answer([3], true));
  expect(assembly.take(answer([], false, 9))).toBeUndefined();
  expect(revisionsOf(assembly.take(answer([3], false)))).toEqual([3, 3]);
});

test("what was handed over before is left out, and marks never go back", () => {
  const assembly = new WatchAssembly(5n);
  expect(revisionsOf(assembly.take(answer([4, 5, 6], false)))).toEqual([6]);
  expect(assembly.take(answer([], false, 5))).toBeUndefined();
  expect(assembly.take(answer([], false, 8))).toEqual({ changes: [], revision: 8n });
  expect(assembly.take(answer([7, 8], false))).toBeUndefined();
});

test("marks are asked for only where they cannot overtake changes", () => {
  const versions = ["3.4.23", "3.4.26", "3.5.7", "3.5.9", "3.6.0", "4.0.1", "nonsense", "2.3.8"];
  const ordered = versions.filter(isOrderedVersion);
  expect(ordered).toEqual(["3.4.26", "3.5.9", "3.6.0", "4.0.1"]);
});
