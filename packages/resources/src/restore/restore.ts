import type { BackupRecord } from "@octoplane/kinds/backup-format";
import { bounded } from "@octoplane/kinds/read-input";
import { failure, invalid, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { commitBytes } from "@octoplane/store/check-commit";
import type { Guard, Store, Write } from "@octoplane/store/store";
import { decisionPrefix, eventPrefix, partKey, revisionPrefix } from "../keys.ts";
import { decodeObject, decodeStatus } from "../record.ts";
import type { Parts } from "../repository.ts";
import { readGroups, type RecordProblem, type RestoreGroup } from "./restore-group.ts";
import {
  planRestore,
  type Present,
  type RestoreOptions,
  type RestorePlan,
  type RestoreResult,
} from "./restore-plan.ts";

export interface Restored {
  /** The place of the object's record among those that were sent. */
  readonly index: number;
  readonly result: RestoreResult;
}

/**
 * Restores objects of a backup, each as a whole: its record, its status, its decisions and events appear together. uid,
 * generation and times stay as they are. `Invalid` with everything that is wrong or in the way (`records[3].key`), before
 * anything is written. Asked for the same again, it goes on where it ended.
 */
export async function restoreRecords(
  parts: Pick<Parts, "store" | "sealer">,
  records: readonly BackupRecord[],
  options: RestoreOptions,
): Promise<readonly Restored[]> {
  if (records.length > limits.restoreRecordsMax) {
    const message = `expected at most ${limits.restoreRecordsMax} records, found ${records.length}`;
    throw failure("TooLarge", message);
  }
  const { groups, problems } = readGroups(records, parts.sealer);
  throwProblems(problems);
  const planned = await Promise.all(groups.map((group) => plan(parts.store, group, options)));
  throwProblems(planned.flatMap((item) => (isPlan(item) ? [] : [item])));
  const plans = planned.filter(isPlan);
  for (const pack of packed(plans)) {
    try {
      await commitPack(parts.store, pack);
    } catch (error) {
      if (!isFailure(error, "Conflict")) throw error;
      // One of them was changed meanwhile; each for itself tells which.
      for (const { index } of pack) {
        const group = groups.find((one) => one.index === index);
        if (group) await commitAlone(parts.store, group, options);
      }
    }
  }
  return plans.map(({ index, result }) => ({ index, result }));
}

async function commitAlone(
  store: Store,
  group: RestoreGroup,
  options: RestoreOptions,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const next = await plan(store, group, options);
    if (!isPlan(next)) return throwProblems([next]);
    try {
      return await commitPack(store, [next]);
    } catch (error) {
      if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
    }
  }
}

function isPlan(item: RestorePlan | RecordProblem): item is RestorePlan {
  return "result" in item;
}

async function plan(
  store: Store,
  group: RestoreGroup,
  options: RestoreOptions,
): Promise<RestorePlan | RecordProblem> {
  const found = planRestore(group, await presentOf(store, group), options);
  return "result" in found ? found : { index: group.index, ...found };
}

async function presentOf(store: Store, { kind, ref }: RestoreGroup): Promise<Present> {
  const [objectEntry, statusEntry] = await Promise.all([
    store.get(partKey(kind, ref, "object")),
    kind.status === undefined ? undefined : store.get(partKey(kind, ref, "status")),
  ]);
  const object = objectEntry && decodeObject(objectEntry);
  const status = statusEntry && decodeStatus(statusEntry);
  if (!object || kind.status === undefined) return { object, status, beside: [] };
  const { uid } = object.record.metadata;
  const lists = await Promise.all(
    [decisionPrefix(uid), eventPrefix(uid), revisionPrefix(uid)].map((prefix) =>
      store.list(prefix, { keysOnly: true }),
    ),
  );
  const beside = lists.flatMap(({ entries }) => entries.map(({ key }) => key));
  return { object, status, beside };
}

/** As many at once as one commit takes; what is too large for one stands alone. */
function packed(plans: readonly RestorePlan[]): readonly (readonly RestorePlan[])[] {
  const packs: RestorePlan[][] = [];
  let [operations, bytes] = [0, 0];
  for (const item of plans) {
    const writes = [...item.beside, ...item.records];
    if (writes.length === 0) continue;
    const size = commitBytes(item.guards, writes);
    const fits =
      operations + writes.length <= limits.commitOperationsMax &&
      bytes + size <= limits.commitBytesMax;
    if (fits && packs.length > 0) packs.at(-1)?.push(item);
    else {
      packs.push([item]);
      [operations, bytes] = [0, 0];
    }
    operations += writes.length;
    bytes += size;
  }
  return packs;
}

async function commitPack(store: Store, pack: readonly RestorePlan[]): Promise<void> {
  const guards = pack.flatMap((item) => item.guards);
  const beside = pack.flatMap((item) => item.beside);
  const records = pack.flatMap((item) => item.records);
  if (fits(guards, [...beside, ...records])) {
    await store.commit(guards, [...beside, ...records]);
    return;
  }
  // Nobody sees what belongs to an object before the object is there, and an object without its status is not there.
  for (const write of beside) await store.commit([], [write]);
  if (fits(guards, records)) {
    await store.commit(guards, records);
    return;
  }
  const [object, status] = records;
  if (!object || !status || pack.length > 1) throw failure("TooLarge", "a record is too large");
  const [objectGuard, statusGuard] = guards;
  const revision = await store.commit([statusGuard!], [status]);
  await store.commit([objectGuard!, { key: status.key, revision }], [object]);
}

function fits(guards: readonly Guard[], writes: readonly Write[]): boolean {
  return (
    writes.length <= limits.commitOperationsMax &&
    commitBytes(guards, writes) <= limits.commitBytesMax
  );
}

function throwProblems(problems: readonly RecordProblem[]): void {
  if (problems.length === 0) return;
  const fields = problems
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, field, message }) => ({ field: `records[${index}].${field}`, message }));
  throw invalid(bounded(fields));
}
