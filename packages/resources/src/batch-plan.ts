import { isoTime } from "@octoplane/shared/clock";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import type { Guard, Write } from "@octoplane/store/store";
import {
  relationKey,
  relationsOf,
  titleOf,
  type DocumentProblem,
  type Draft,
} from "./batch-draft.ts";
import { partKey } from "./keys.ts";
import { encodeRecord, pickFields, type ObjectRecord, type Stored } from "./record.ts";
import type { Parts } from "./repository.ts";
import { sealContext, sealFields } from "./seal-fields.ts";
import { redactFields } from "./secret-fields.ts";
import { keepAdditions, replaced, withOwnFinalizers } from "./update-rules.ts";

/** What storing drafts together comes to, from what was seen in the store. Reads and writes nothing. */

/** What becomes of a name that is there: an error, left as it is, or replaced; or a rule for each. */
export type Existing =
  | "refuse"
  | "keep"
  | "replace"
  | ((key: string, there: ObjectRecord) => "refuse" | "replace");

export type BatchResult = "created" | "replaced" | "unchanged";

/** The records at the keys that a batch is about; a key without a record is not there. */
export type Seen = ReadonlyMap<string, Stored<ObjectRecord>>;

export interface BatchPlan {
  /** One for each draft, in order. */
  readonly results: readonly BatchResult[];
  readonly problems: readonly DocumentProblem[];
  readonly guards: readonly Guard[];
  readonly writes: readonly Write[];
}

type Makers = Pick<Parts, "sealer" | "clock" | "random">;

/** Every key that must be read to plan: the drafts' own, and what they refer to. */
export function keysOf(drafts: readonly Draft[]): ReadonlySet<string> {
  return new Set(
    drafts.flatMap((draft) => [
      partKey(draft.kind, draft.ref, "object"),
      ...relationsOf(draft)
        .map(relationKey)
        .filter((key) => key !== undefined),
    ]),
  );
}

/** Each key is guarded at the revision that was seen, so that what was checked still holds when it is written. */
export function planBatch(
  makers: Makers,
  drafts: readonly Draft[],
  seen: Seen,
  existing: Existing,
): BatchPlan {
  const own = new Set(drafts.map(({ kind, ref }) => partKey(kind, ref, "object")));
  const results: BatchResult[] = [];
  const problems: DocumentProblem[] = [];
  const writes: Write[] = [];
  for (const draft of drafts) {
    const { index, kind, ref } = draft;
    const key = partKey(kind, ref, "object");
    const missing = missingRelations(draft, (other) => own.has(other) || seen.has(other));
    problems.push(...missing.map((problem) => ({ index, ...problem })));
    const next = nextRecord(makers, draft, seen.get(key)?.record, existing);
    if (Array.isArray(next)) {
      problems.push(...next.map((problem: FieldProblem) => ({ index, ...problem })));
      continue;
    }
    const { result, record } = next as Planned;
    results.push(result);
    if (record) writes.push({ key, value: encodeRecord(record) });
  }
  const guards = [...keysOf(drafts)].map((key) => ({
    key,
    revision: seen.get(key)?.revision ?? 0n,
  }));
  return { results, problems, guards, writes };
}

function missingRelations(
  draft: Draft,
  isThere: (key: string) => boolean,
): readonly FieldProblem[] {
  return relationsOf(draft).flatMap((relation) => {
    const key = relationKey(relation);
    if (key !== undefined && isThere(key)) return [];
    const message = `${titleOf(relation.kind, relation.ref)} is neither stored nor a valid document here`;
    return [{ field: relation.field, message }];
  });
}

interface Planned {
  readonly result: BatchResult;
  /** Absent when nothing is to be written. */
  readonly record: ObjectRecord | undefined;
}

function nextRecord(
  makers: Makers,
  draft: Draft,
  previous: ObjectRecord | undefined,
  existing: Existing,
): Planned | readonly FieldProblem[] {
  const { kind, ref } = draft;
  try {
    if (!previous) return { result: "created", record: newRecord(makers, draft) };
    const choice =
      typeof existing === "function" ? existing(partKey(kind, ref, "object"), previous) : existing;
    if (choice === "keep") return { result: "unchanged", record: undefined };
    const title = titleOf(kind, ref);
    if (choice === "refuse") {
      return [{ field: "metadata.name", message: `${title} exists already; force replaces it` }];
    }
    if (previous.metadata.deleted !== null) {
      return [{ field: "metadata.name", message: `${title} is being deleted` }];
    }
    return { result: "replaced", record: nextOf(makers, draft, previous) };
  } catch (error) {
    if (isFailure(error, "NoChange")) return { result: "unchanged", record: undefined };
    if (!isFailure(error, "Invalid", "Immutable")) throw error;
    return error.fields;
  }
}

function newRecord(makers: Makers, { kind, input, ref }: Draft): ObjectRecord {
  const { name, labels, inherit_labels, finalizers, owners } = input.metadata;
  const now = isoTime(makers.clock.now());
  const uid = makers.random.uuid();
  return {
    metadata: {
      name,
      namespace: ref.namespace ?? null,
      labels,
      inherit_labels,
      finalizers: withOwnFinalizers(kind, finalizers),
      owners,
      uid,
      created: now,
      modified: now,
      deleted: null,
      generation: 1,
    },
    fields: sealFields(kind, pickFields(kind, input), vaultOf(makers, uid, undefined)),
  };
}

/** As a PUT does it; the guards of the body are not looked at, because a file is older than what it replaces. */
function nextOf(makers: Makers, { kind, input }: Draft, previous: ObjectRecord): ObjectRecord {
  const kept = redactFields(kind, previous.fields);
  const sent = keepAdditions(kind, pickFields(kind, input), kept);
  const fields = sealFields(kind, sent, vaultOf(makers, previous.metadata.uid, previous));
  const now = makers.clock.now();
  return replaced(kind, previous, { input, fields, owned: [], now });
}

function vaultOf({ sealer }: Makers, uid: string, previous: ObjectRecord | undefined) {
  return {
    previous: previous?.fields,
    seal: (text: string, place: string) => sealer.seal(text, sealContext(uid, place)),
    open: (text: string, place: string) => sealer.open(text, sealContext(uid, place)),
  };
}
