import { textOf } from "@octoplane/shared/text-of";
import { ApplicationKind } from "@octoplane/kinds/application";
import { CloudKind, GlobalCloudKind } from "@octoplane/kinds/cloud";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { AnyKind } from "@octoplane/kinds/kind";
import { MagnumClusterKind } from "@octoplane/kinds/magnum-cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { GlobalMetricKind, MetricKind } from "@octoplane/kinds/metric";
import { ProjectKind } from "@octoplane/kinds/project";
import { inputSchema, readInput, type Input } from "@octoplane/kinds/read-input";
import { isoTime } from "@octoplane/shared/clock";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import type { Ref } from "../keys.ts";
import type { StoredMetadata } from "../record.ts";
import { cascadeFinalizer, union, withOwnFinalizers } from "../update-rules.ts";
import { fitSchema } from "./fit-schema.ts";

/** An object as Krake stores it, read as one of ours; see sections 1 to 3 of the contract. Pure. */

export type Plain = Readonly<Record<string, unknown>>;

export interface KrakeObject {
  readonly metadata: StoredMetadata;
  /** The object beside its metadata, validated, credentials readable. */
  readonly input: Input;
  /** As Krake stores it. */
  readonly status: Plain;
  /** What is not as it was, for people. */
  readonly remarks: readonly string[];
}

export function readKrakeObject(
  kind: AnyKind,
  ref: Ref,
  value: unknown,
  now: string,
): KrakeObject | { readonly problems: readonly FieldProblem[] } {
  if (!isPlain(value)) return refused("", "expected an object");
  if ((value["api"] ?? kind.api) !== kind.api || (value["kind"] ?? kind.kind) !== kind.kind) {
    return refused("kind", `expected ${kind.api}/${kind.kind}, as its key says`);
  }
  const { status, ...rest } = value;
  const body = fitSchema(inputSchema(kind), { ...rest, ...patchesOf(kind, rest) }, "");
  try {
    const input = readInput(kind, body.value);
    const metadata = readMetadata(kind, ref, { sent: value["metadata"], input, now });
    if ("problems" in metadata) return metadata;
    const remarks = [
      ...body.dropped.map((field) => `${field} is unknown here and was left out`),
      ...metadata.remarks,
    ];
    return { metadata: metadata.stored, input, status: isPlain(status) ? status : {}, remarks };
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return { problems: error.fields };
  }
}

/** What older versions of Krake did not store, or store in a form that says the same in other words. */
function patchesOf(kind: AnyKind, value: Plain): Plain {
  const { spec } = value;
  if (!isPlain(spec)) return {};
  if (isKind(kind, MetricKind) || isKind(kind, GlobalMetricKind)) {
    return { spec: { ...spec, allowed_values: spec["allowed_values"] ?? [] } };
  }
  const { constraints } = spec;
  if (!isPlain(constraints)) return {};
  if (isKind(kind, MagnumClusterKind) && (constraints["project"] ?? null) === null) {
    return { spec: { ...spec, constraints: null } };
  }
  return {};
}

function readMetadata(
  kind: AnyKind,
  ref: Ref,
  { sent, input, now }: { readonly sent: unknown; readonly input: Input; readonly now: string },
):
  | { readonly stored: StoredMetadata; readonly remarks: readonly string[] }
  | { readonly problems: readonly FieldProblem[] } {
  const raw: Plain = isPlain(sent) ? sent : {};
  const { name, labels, inherit_labels, finalizers, owners } = input.metadata;
  const namespace = ref.namespace ?? null;
  const problems: FieldProblem[] = [];
  if (name !== ref.name) {
    problems.push({ field: "metadata.name", message: `expected ${ref.name}, as its key says` });
  }
  if ((input.metadata.namespace ?? namespace) !== namespace) {
    const message = `expected ${namespace ?? "none"}, as its key says`;
    problems.push({ field: "metadata.namespace", message });
  }
  const uid = raw["uid"];
  if (typeof uid !== "string" || !/^[\w-]{1,64}$/.test(uid)) {
    problems.push({ field: "metadata.uid", message: "expected a uid" });
  }
  const times = Object.fromEntries(
    ["created", "modified", "deleted"].map((field) => [field, readTime(raw[field])]),
  );
  for (const [field, time] of Object.entries(times)) {
    if (time === undefined)
      problems.push({ field: `metadata.${field}`, message: "expected a time" });
  }
  if (problems.length > 0) return { problems };
  const deleted = times["deleted"] ?? null;
  const kept = owners.filter((owner) => !isPlacement(kind, owner));
  const created = times["created"] ?? now;
  const own = withOwnFinalizers(kind, finalizers);
  const stored: StoredMetadata = {
    name,
    namespace,
    labels,
    inherit_labels,
    finalizers: deleted === null ? own : union(own, own.length === 0 ? [cascadeFinalizer] : []),
    owners: kept,
    uid: textOf(uid),
    created,
    modified: times["modified"] ?? created,
    deleted,
    generation: 1,
  };
  const strangers = stored.finalizers.filter(
    (one) => ![...kind.finalizers, cascadeFinalizer].includes(one),
  );
  const remarks = strangers.map((one) => `nobody here removes its finalizer ${one}`);
  return { stored, remarks };
}

/**
 * Krake keeps whatever an object was ever bound to among its owners, so that the end of a former cluster ends an application.
 * Here owners through a placement come and go with it and are not stored.
 */
function isPlacement(kind: AnyKind, owner: ResourceRef): boolean {
  const placements = isKind(kind, ApplicationKind)
    ? [ClusterKind]
    : isKind(kind, ClusterKind)
      ? [CloudKind, GlobalCloudKind]
      : isKind(kind, MagnumClusterKind)
        ? [ProjectKind]
        : [];
  return placements.some((one) => one.api === owner.api && one.kind === owner.kind);
}

/** Null for none, `undefined` for what is no time. Python writes some without a time zone, and means UTC. */
export function readTime(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  const hasZone = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(value);
  const ms = /^\d{4}-\d\d-\d\d[T ]/.test(value) ? Date.parse(hasZone ? value : `${value}Z`) : NaN;
  return Number.isNaN(ms) ? undefined : isoTime(ms);
}

function refused(field: string, message: string) {
  return { problems: [{ field, message }] };
}

export function isKind(kind: AnyKind, other: { readonly api: string; readonly kind: string }) {
  return kind.api === other.api && kind.kind === other.kind;
}

export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
