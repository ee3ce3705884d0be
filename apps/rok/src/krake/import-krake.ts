import type { Client } from "@octoplane/client/client";
import { ApplicationKind } from "@octoplane/kinds/application";
import { arrivalOrder } from "@octoplane/kinds/arrival-order";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { AnyKind } from "@octoplane/kinds/kind";
import type { FieldProblem } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { Progress } from "../backup/progress.ts";
import type { Io } from "../io.ts";
import type { EtcdGateway, EtcdPair } from "./etcd-gateway.ts";

export type ImportResult = "created" | "replaced" | "exists" | "refused";

/** What became of one object. */
export interface ImportedObject {
  readonly key: string;
  readonly result: ImportResult;
  readonly problems: readonly FieldProblem[];
  readonly remarks: readonly string[];
}

interface Import {
  readonly client: Client;
  readonly etcd: EtcdGateway;
  readonly io: Io;
  readonly replace: boolean;
  readonly dryRun: boolean;
  /** Told of every object as soon as it is known. */
  readonly onResult: (object: ImportedObject) => void;
}

/**
 * Reads everything that a Krake has stored and has the server take it over, what others need first. The server judges each
 * object for itself. Reads page by page, at one revision; nothing is written to etcd.
 */
export async function importKrake(work: Import): Promise<readonly ImportedObject[]> {
  const results: ImportedObject[] = [];
  const take = (object: ImportedObject): void => {
    results.push(object);
    work.onResult(object);
  };
  const clusters = new Map<string, boolean>();
  let total = 0;
  for (const api of new Set(arrivalOrder.map((kind) => kind.api))) {
    for await (const page of work.etcd.pages(`/${api}/`, { keysOnly: true })) {
      total += page.length;
      for (const { key } of page) {
        if (key.startsWith(prefixOf(ClusterKind))) clusters.set(key, true);
        if (!arrivalOrder.some((kind) => key.startsWith(prefixOf(kind)))) take(stranger(key));
      }
    }
  }
  const progress = new Progress(work.io);
  for (const kind of arrivalOrder) {
    for await (const batch of batchesOf(work.etcd, kind)) {
      for (const object of await send(work, batch, clusters)) {
        take(object);
        // What was not taken over is not there for the applications on it.
        if (clusters.has(object.key)) clusters.set(object.key, object.result !== "refused");
      }
      progress.tell(() => `${results.length} of ${total} objects`);
    }
  }
  return results;
}

async function send(
  { client, replace, dryRun }: Import,
  batch: readonly EtcdPair[],
  clusters: ReadonlyMap<string, boolean>,
): Promise<readonly ImportedObject[]> {
  const known = [...clusters].map(([key, taken]) => ({ key, taken }));
  const isApplications = batch[0]?.key.startsWith(prefixOf(ApplicationKind)) === true;
  const body = { objects: batch, clusters: isApplications ? known : [], replace };
  const query = dryRun ? { dryRun: "All" } : {};
  type Answer = { readonly results: readonly ImportedObject[] };
  return (await client.transport.json<Answer>("POST", "/core/import", { body, query })).results;
}

/** The objects of a kind, as many together as one request should have. */
async function* batchesOf(
  etcd: EtcdGateway,
  kind: AnyKind,
): AsyncGenerator<readonly EtcdPair[], void, undefined> {
  const isApplication = prefixOf(kind) === prefixOf(ApplicationKind);
  const most = isApplication ? limits.importApplicationsMax : limits.importObjectsMax;
  let batch: EtcdPair[] = [];
  let chars = 0;
  for await (const page of etcd.pages(prefixOf(kind))) {
    for (const pair of page) {
      if (batch.length >= most || chars + pair.value.length > limits.importBatchBytes) {
        if (batch.length > 0) yield batch;
        [batch, chars] = [[], 0];
      }
      batch.push(pair);
      chars += pair.value.length;
    }
  }
  if (batch.length > 0) yield batch;
}

function stranger(key: string): ImportedObject {
  const problems = [{ field: "key", message: "of no kind that there is" }];
  return { key, result: "refused", problems, remarks: [] };
}

function prefixOf({ api, plural }: { readonly api: string; readonly plural: string }): string {
  return `/${api}/${plural}/`;
}
