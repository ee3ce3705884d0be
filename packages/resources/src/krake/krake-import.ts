import { textOf } from "@octoplane/shared/text-of";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { AnyKind } from "@octoplane/kinds/kind";
import { isoTime } from "@octoplane/shared/clock";
import { isFailure, type FieldProblem } from "@octoplane/shared/errors";
import { partKey, type Ref } from "../keys.ts";
import {
  decodeObject,
  encodeRecord,
  pickFields,
  type ObjectRecord,
  type Stored,
} from "../record.ts";
import type { Resources } from "../resources.ts";
import type { Parts } from "../repository.ts";
import { sealContext, sealFields } from "../seal-fields.ts";
import { valueAt } from "../secret-fields.ts";
import { parseKrakeKey } from "./krake-key.ts";
import { isKind, readKrakeObject, type KrakeObject } from "./krake-object.ts";
import { claimKey, placeOf, type LookOnCluster, type PlaceWorld } from "./krake-place.ts";
import { importedApplicationStatus, importedStatus } from "./krake-status.ts";

/** One key of Krake's etcd and what stands there; `problem` when that could not even be read. */
export interface KrakeEntry {
  readonly key: string;
  readonly value: unknown;
  readonly problem?: string;
}

export interface ImportOptions {
  readonly replace: boolean;
  readonly dryRun: boolean;
  readonly clusters: ReadonlyMap<string, boolean>;
  readonly look: LookOnCluster;
}

export interface Imported {
  readonly key: string;
  readonly result: "created" | "replaced" | "exists" | "refused";
  /** Why it was refused. */
  readonly problems: readonly FieldProblem[];
  /** What is not as it was. */
  readonly remarks: readonly string[];
}

/**
 * Stores objects of a Krake, each in a commit of its own: what is refused keeps none of the others out. Credentials are
 * sealed; uid, times, labels, owners and marks for deletion stay. `parts` may be those of a dry run.
 */
export async function importKrake(
  resources: Resources,
  parts: Parts,
  entries: readonly KrakeEntry[],
  options: ImportOptions,
): Promise<readonly Imported[]> {
  const claims = await claimsOf(resources, entries);
  const world = { ...options, resources, claims, parts };
  const results: Imported[] = [];
  for (const entry of entries) results.push(await importOne(world, entry));
  return results;
}

interface ImportWorld extends PlaceWorld {
  readonly parts: Parts;
  readonly replace: boolean;
}

/** Only applications have objects, so only they need to know whose those are. */
async function claimsOf(
  resources: Resources,
  entries: readonly KrakeEntry[],
): Promise<Map<string, string>> {
  const claims = new Map<string, string>();
  const prefix = `/${ApplicationKind.api}/${ApplicationKind.plural}/`;
  if (!entries.some(({ key }) => key.startsWith(prefix))) return claims;
  const { items } = await resources.of(ApplicationKind).list();
  for (const { metadata, status } of items) {
    for (const { cluster_uid: cluster, objects } of status.copies) {
      const owner = `${metadata.namespace}/${metadata.name}`;
      for (const { uid } of objects) claims.set(claimKey(cluster, uid), owner);
    }
  }
  return claims;
}

async function importOne(world: ImportWorld, entry: KrakeEntry): Promise<Imported> {
  const { key } = entry;
  const place = parseKrakeKey(key);
  if (!place) return refused(key, [{ field: "key", message: "of no kind that there is" }]);
  if (entry.problem !== undefined) return refused(key, [{ field: "", message: entry.problem }]);
  const { kind, ref } = place;
  const now = isoTime(world.parts.clock.now());
  const read = readKrakeObject(kind, ref, entry.value, now);
  if ("problems" in read) return refused(key, read.problems);
  const present = await world.parts.store.get(partKey(kind, ref, "object"));
  const existing = present && decodeObject(present);
  const verdict = existing && (await judgeExisting(world, { kind, ref, read, existing }));
  if (verdict) return { key, remarks: [], ...verdict };
  try {
    return await store(world, { key, kind, ref, read, existing, now });
  } catch (error) {
    if (isFailure(error, "Invalid")) return refused(key, error.fields);
    if (!isFailure(error, "Conflict", "TooLarge")) throw error;
    const message =
      error.code === "Conflict" ? "it was changed in this moment; import it again" : error.message;
    return refused(key, [{ field: "", message }]);
  }
}

/** What to say of a name that is taken; `undefined` when it is to be replaced. */
async function judgeExisting(
  world: ImportWorld,
  {
    kind,
    ref,
    read,
    existing,
  }: {
    readonly kind: AnyKind;
    readonly ref: Ref;
    readonly read: KrakeObject;
    readonly existing: Stored<ObjectRecord>;
  },
): Promise<Pick<Imported, "result" | "problems"> | undefined> {
  if (isKind(kind, ClusterKind)) {
    const [here, there] = [serverOf(existing.record.fields), serverOf(read.input)];
    if (here !== there) {
      const field = "spec.kubeconfig.clusters[0].cluster.server";
      const message = `another cluster of this name is here, at ${textOf(here ?? "no address")}`;
      return { result: "refused", problems: [{ field, message }] };
    }
  }
  if (!world.replace) return { result: "exists", problems: [] };
  if (existing.record.metadata.deleted !== null) {
    const message = "the one that is here is being deleted";
    return { result: "refused", problems: [{ field: "metadata.name", message }] };
  }
  if (!isKind(kind, ApplicationKind)) return undefined;
  const app = await world.resources.of(ApplicationKind).get(ref);
  if (!app || app.status.copies.length === 0) return undefined;
  const message = "the one that is here has objects on clusters; delete it first";
  return { result: "refused", problems: [{ field: "metadata.name", message }] };
}

function serverOf(fields: Readonly<Record<string, unknown>>): unknown {
  return valueAt(fields, ["spec", "kubeconfig", "clusters", "0", "cluster", "server"]);
}

interface Work {
  readonly key: string;
  readonly kind: AnyKind;
  readonly ref: Ref;
  readonly read: KrakeObject;
  readonly existing: Stored<ObjectRecord> | undefined;
  readonly now: string;
}

async function store(world: ImportWorld, work: Work): Promise<Imported> {
  const { key, kind, ref, read, existing, now } = work;
  const isApplication = isKind(kind, ApplicationKind);
  const placed = isApplication ? await placeOf(world, read) : undefined;
  if (placed && "problems" in placed) return refused(key, placed.problems);
  const metadata = existing ? metadataOver(existing.record, read, now) : read.metadata;
  const { generation } = metadata;
  const status = placed
    ? importedApplicationStatus(kind, read.status, placed.place, { generation, now })
    : importedStatus(kind, read.status, now);
  const object: ObjectRecord = {
    metadata,
    fields: sealed(world.parts, kind, { ...read, metadata }),
  };
  const objectKey = partKey(kind, ref, "object");
  const guards = [{ key: objectKey, revision: existing?.revision ?? 0n }];
  const writes = [{ key: objectKey, value: encodeRecord(object) }];
  // What was found out here of a cluster that stays is newer than what Krake knew.
  if (status && (!existing || isApplication)) {
    const value = encodeRecord({ uid: metadata.uid, status });
    writes.push({ key: partKey(kind, ref, "status"), value });
  }
  await world.parts.store.commit(guards, writes);
  const state = textOf(read.status["state"]);
  const remarks = [...read.remarks, ...(placed?.remarks ?? [])];
  if (isApplication && ["FAILED", "DEGRADED"].includes(state)) {
    remarks.push(`it was ${state} under Krake; here it is tried again`);
  }
  return { key, result: existing ? "replaced" : "created", problems: [], remarks };
}

/** What is replaced goes on living: its uid is known to others. */
function metadataOver(
  { metadata }: ObjectRecord,
  { metadata: sent }: KrakeObject,
  now: string,
): ObjectRecord["metadata"] {
  const { uid, created, generation } = metadata;
  return { ...sent, uid, created, modified: now, generation: generation + 1 };
}

function sealed(
  { sealer }: Parts,
  kind: AnyKind,
  { input, metadata }: Pick<KrakeObject, "input" | "metadata">,
): Readonly<Record<string, unknown>> {
  return sealFields(kind, pickFields(kind, input), {
    previous: undefined,
    seal: (text, place) => sealer.seal(text, sealContext(metadata.uid, place)),
    open: (text, place) => sealer.open(text, sealContext(metadata.uid, place)),
  });
}

function refused(key: string, problems: readonly FieldProblem[]): Imported {
  return { key, result: "refused", problems, remarks: [] };
}
