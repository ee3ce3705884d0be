import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApplicationKind, type Application, type Copy } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import type { Repository } from "@octoplane/resources/repository";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { StatusWriter } from "./status-writer.ts";

const clock = systemClock;
const random = systemRandom;
const ref = { namespace: "team", name: "app" };

let directory: string;
let store: Store;
let resources: Resources;
let repository: Repository<Application>;
let app: Application;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "octoplane-status-"));
  store = await openStore(`lmdb://${directory}`, {}, { clock, random, log: silentLog });
  resources = new Resources(
    { store, sealer: new Sealer(Buffer.alloc(32), random), clock, random },
    silentLog,
  );
  repository = resources.of(ApplicationKind);
  const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }];
  const body = { metadata: { name: ref.name }, spec: { manifest } };
  app = await repository.create(readInput(anyKind(ApplicationKind), body), ref.namespace);
});
afterEach(async () => {
  await disposeAll([store, resources]);
  await rm(directory, { recursive: true, force: true });
});

function open(from: Application): StatusWriter {
  return new StatusWriter({ repository, wrote: () => undefined }, "team/app", from);
}

function copyOn(name: string): Copy {
  const cluster = { api: "kubernetes", kind: "Cluster", namespace: "team", name };
  return { cluster, cluster_uid: name, generation: 1, objects: [] };
}

test("writes build on each other, and keep what others have written beside the copies", async () => {
  const writer = open(app);
  await writer.write((status) => ({ ...status, copies: [copyOn("x")] }));
  await repository.updateStatus(ref, app.metadata.uid, ({ status }) => ({
    status: { ...status, decisions: 7 },
  }));
  await writer.write((status) => ({ ...status, copies: [copyOn("x"), copyOn("y")] }));
  const { status } = await repository.mustGet(ref);
  expect(status.decisions).toBe(7);
  expect(status.copies.map(({ cluster_uid: uid }) => uid)).toEqual(["x", "y"]);
});

test("a copy that another controller has written down meanwhile is not forgotten: the write is refused", async () => {
  await open(app).write((status) => ({ ...status, copies: [copyOn("x")] }));
  const late = open(app).write((status) => ({ ...status, copies: [copyOn("y")] }));
  await expect(late).rejects.toSatisfy((error) => isFailure(error, "Conflict"));
  const { status } = await repository.mustGet(ref);
  expect(status.copies.map(({ cluster_uid: uid }) => uid)).toEqual(["x"]);
});

test("nothing is written when nothing is different", async () => {
  await open(app).write((status) => ({ ...status }));
  const after = await repository.mustGet(ref);
  expect(after.metadata.resource_version).toBe(app.metadata.resource_version);
});
