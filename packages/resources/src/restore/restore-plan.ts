import { isDeepStrictEqual } from "node:util";
import type { Copy } from "@octoplane/kinds/application";
import type { FieldProblem } from "@octoplane/shared/errors";
import type { Guard, Write } from "@octoplane/store/store";
import { partKey } from "../keys.ts";
import { metricValueRemovals } from "../metric-values.ts";
import { encodeRecord, type ObjectRecord, type StatusRecord, type Stored } from "../record.ts";
import type { RestoreGroup } from "./restore-group.ts";

/** What restoring one object comes to, from what stands in the store under its name. Pure. */

export type RestoreResult = "created" | "replaced" | "unchanged";

/** What is there already. */
export interface Present {
  readonly object: Stored<ObjectRecord> | undefined;
  readonly status: Stored<StatusRecord> | undefined;
  /** The keys of the decisions and events of that life. */
  readonly beside: readonly string[];
}

export interface RestoreOptions {
  /** What is there gives way; otherwise it is a problem. */
  readonly replace: boolean;
  /**
   * Objects that are marked for deletion are restored without their mark, which comes later: what deletes one of them would
   * otherwise not see yet what has to go before it.
   */
  readonly holdDeletions: boolean;
}

export interface RestorePlan {
  readonly index: number;
  readonly result: RestoreResult;
  readonly guards: readonly Guard[];
  /** The object and its status; these are never apart. */
  readonly records: readonly Write[];
  /** Decisions and events, and what goes of those that were there. */
  readonly beside: readonly Write[];
}

export function planRestore(
  group: RestoreGroup,
  present: Present,
  options: RestoreOptions,
): RestorePlan | FieldProblem {
  const sent = group.object;
  const object = options.holdDeletions ? unmarked(sent) : sent;
  if (!present.object) return written(group, present, { object, result: "created" });
  const there = present.object.record;
  if (isDeepStrictEqual(unmarked(there), unmarked(sent))) {
    // It was restored before, by an attempt that did not come to its end: controllers may have gone on from there.
    const isMarkedNow = object.metadata.deleted !== null && there.metadata.deleted === null;
    if (isMarkedNow) return markOnly(group, present, object);
    if (!options.replace) return nothing(group);
  }
  const isTwin =
    group.kind.status === undefined && isDeepStrictEqual(lifeless(there), lifeless(sent));
  if (!options.replace && !isTwin) {
    const { uid } = there.metadata;
    const whose = uid === sent.metadata.uid ? "was changed since" : `has the uid ${uid}`;
    const message = `${titleOf(group)} is there and ${whose}; replace takes its place`;
    return { field: "key", message };
  }
  const standing = copiesOf(present.status?.record);
  if (
    there.metadata.uid !== sent.metadata.uid &&
    standing.some(({ objects }) => objects.length > 0)
  ) {
    const clusters = standing.map(({ cluster }) => cluster.name).join(", ");
    const message = `another ${titleOf(group)} has objects on ${clusters}; delete it first`;
    return { field: "key", message };
  }
  return written(group, present, { object, result: "replaced" });
}

function written(
  group: RestoreGroup,
  present: Present,
  { object, result }: { readonly object: ObjectRecord; readonly result: RestoreResult },
): RestorePlan {
  const { kind, ref, status } = group;
  const isSameLife = present.object?.record.metadata.uid === object.metadata.uid;
  const next = status && isSameLife ? keepCopies(status, present.status?.record) : status;
  const records: Write[] = [
    { key: partKey(kind, ref, "object"), value: encodeRecord(object) },
    ...(next ? [{ key: partKey(kind, ref, "status"), value: encodeRecord(next) }] : []),
  ];
  const kept = new Set(group.beside.map(({ key }) => key));
  const gone = present.beside.filter((key) => !kept.has(key));
  const last = present.object?.record.metadata.uid;
  const observed = last === undefined || isSameLife ? [] : metricValueRemovals(kind, last);
  return {
    index: group.index,
    result,
    guards: guardsOf(group, present),
    records,
    beside: [...group.beside, ...gone.map((key): Write => ({ key, remove: true })), ...observed],
  };
}

function markOnly(group: RestoreGroup, present: Present, object: ObjectRecord): RestorePlan {
  const key = partKey(group.kind, group.ref, "object");
  return {
    index: group.index,
    result: "replaced",
    guards: [{ key, revision: present.object?.revision ?? 0n }],
    records: [{ key, value: encodeRecord(object) }],
    beside: [],
  };
}

function nothing({ index }: RestoreGroup): RestorePlan {
  return { index, result: "unchanged", guards: [], records: [], beside: [] };
}

function guardsOf({ kind, ref }: RestoreGroup, { object, status }: Present): readonly Guard[] {
  const guards = [{ key: partKey(kind, ref, "object"), revision: object?.revision ?? 0n }];
  if (kind.status === undefined) return guards;
  return [...guards, { key: partKey(kind, ref, "status"), revision: status?.revision ?? 0n }];
}

function unmarked({ metadata, fields }: ObjectRecord): ObjectRecord {
  return { metadata: { ...metadata, deleted: null }, fields };
}

/** What two objects have in common that were made of the same text at different times. */
function lifeless({ metadata, fields }: ObjectRecord): object {
  const { labels, inherit_labels, finalizers, owners, deleted } = metadata;
  return { labels, inherit_labels, finalizers, owners, deleted, fields };
}

function titleOf({ kind, ref }: RestoreGroup): string {
  return `${kind.kind} ${ref.name}`;
}

function copiesOf(status: StatusRecord | undefined): readonly Copy[] {
  return (status?.status["copies"] ?? []) as readonly Copy[];
}

/**
 * An application that goes back to an older state of itself: what it has put on clusters since is still there, and must stay
 * in the books, or nobody would ever remove it. Of what both know, the newer book is right.
 */
function keepCopies(restored: StatusRecord, present: StatusRecord | undefined): StatusRecord {
  const now = copiesOf(present);
  if (now.length === 0) return restored;
  const before = copiesOf(restored);
  const merged = before.map((copy) => {
    const other = now.find((one) => one.cluster_uid === copy.cluster_uid);
    return other ? { ...copy, objects: joinObjects(copy.objects, other.objects) } : copy;
  });
  const more = now.filter((copy) => !before.some((one) => one.cluster_uid === copy.cluster_uid));
  return { ...restored, status: { ...restored.status, copies: [...merged, ...more] } };
}

type Items = Copy["objects"];

function joinObjects(before: Items, now: Items): Items {
  const all = new Map([...before, ...now].map((item) => [identityOf(item), item]));
  return [...all.values()];
}

function identityOf({ group, kind, namespace, name }: Items[number]): string {
  return [group, kind, namespace ?? "", name].join("|");
}
