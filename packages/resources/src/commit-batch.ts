import type { AnyKind } from "@octoplane/kinds/kind";
import { bounded } from "@octoplane/kinds/read-input";
import { failure, invalid, isFailure, type FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { commitBytes } from "@octoplane/store/check-commit";
import type { Store } from "@octoplane/store/store";
import type { DocumentProblem, Draft } from "./batch-draft.ts";
import {
  keysOf,
  planBatch,
  type BatchPlan,
  type BatchResult,
  type Existing,
  type Seen,
} from "./batch-plan.ts";
import { partKey, type Ref } from "./keys.ts";
import { decodeObject, type ObjectRecord, type Stored } from "./record.ts";
import type { Parts } from "./repository.ts";

/** The fields of an object as they are when the batch is stored; `undefined` when it is not there. */
export type Lookup = (kind: AnyKind, ref: Ref) => Readonly<Record<string, unknown>> | undefined;

export interface BatchOptions {
  readonly existing: Existing;
  /** What was found wrong before: nothing is written, but what else is wrong is told with it. */
  readonly problems: readonly DocumentProblem[];
  /** Throws when it may not be; what it looks at is guarded, if the drafts refer to it. Called again after a conflict. */
  readonly judge?: (look: Lookup) => void;
}

/**
 * Stores drafts of kinds without a status in one commit, all or none, and gives what became of each. `Invalid` with every
 * problem (`documents[3].spec.min`); `TooLarge` when one commit cannot hold them; `Conflict` when others kept writing.
 */
export async function commitBatch(
  parts: Parts,
  drafts: readonly Draft[],
  options: BatchOptions,
): Promise<readonly BatchResult[]> {
  for (let attempt = 0; ; attempt += 1) {
    const seen = await readSeen(parts.store, keysOf(drafts));
    options.judge?.(lookupOf(drafts, seen));
    const plan = planBatch(parts, drafts, seen, options.existing);
    throwProblems([...options.problems, ...plan.problems]);
    checkSize(plan);
    try {
      await parts.store.commit(plan.guards, plan.writes);
      return plan.results;
    } catch (error) {
      if (!isFailure(error, "Conflict") || attempt >= limits.conflictRetriesMax) throw error;
    }
  }
}

async function readSeen(store: Store, keys: ReadonlySet<string>): Promise<Seen> {
  const seen = new Map<string, Stored<ObjectRecord>>();
  await Promise.all(
    [...keys].map(async (key) => {
      const entry = await store.get(key);
      if (entry) seen.set(key, decodeObject(entry));
    }),
  );
  return seen;
}

function lookupOf(drafts: readonly Draft[], seen: Seen): Lookup {
  const own = new Map(
    drafts.map(({ kind, ref, input }) => [partKey(kind, ref, "object"), input] as const),
  );
  return (kind, ref) => {
    const key = partKey(kind, ref, "object");
    return own.get(key) ?? seen.get(key)?.record.fields;
  };
}

function throwProblems(problems: readonly DocumentProblem[]): void {
  if (problems.length === 0) return;
  const fields: readonly FieldProblem[] = problems
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, field, message }) => ({
      field: `documents[${index}]${field === "" ? "" : `.${field}`}`,
      message,
    }));
  throw invalid(bounded(fields));
}

/** Before anything is sent to the store, in the words of whoever sent the documents. */
function checkSize({ guards, writes }: BatchPlan): void {
  const operations = Math.max(guards.length, writes.length);
  if (operations > limits.commitOperationsMax) {
    const message =
      `the documents and what they refer to are ${operations} objects, and one commit can hold ` +
      `${limits.commitOperationsMax}: send them in parts`;
    throw failure("TooLarge", message);
  }
  const bytes = commitBytes(guards, writes);
  if (bytes > limits.commitBytesMax) {
    const message = `the documents are ${bytes} bytes, and one commit can hold ${limits.commitBytesMax}: send them in parts`;
    throw failure("TooLarge", message);
  }
}
