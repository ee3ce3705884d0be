import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { readInput } from "@octoplane/kinds/read-input";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { anyKind, type AnyKind } from "@octoplane/kinds/kind";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { cascadeFinalizer } from "@octoplane/resources/update-rules";
import { systemClock } from "@octoplane/shared/clock";
import { disposeAll, type Running } from "@octoplane/shared/lifecycle";
import { silentLog } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { start } from "./start.ts";

/** The garbage collector over a real store; applications' own finalizer is worked off by hand. */

const clock = systemClock;
const random = systemRandom;
const application = anyKind(ApplicationKind);
const cluster = anyKind(ClusterKind);
const applicationFinalizer = "kubernetes_resources_deletion";

let directory: string;
let store: Store;
let resources: Resources;
let gc: Running;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "octoplane-gc-"));
  store = await openStore(`lmdb://${directory}`, {}, { clock, random, log: silentLog });
  await open();
});

afterEach(async () => {
  await disposeAll([store, resources, gc]);
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  const sealer = new Sealer(Buffer.alloc(32), random);
  resources = new Resources({ store, sealer, clock, random }, silentLog);
  gc = await start({}, { resources, log: silentLog, metrics: new Metrics() });
}

function ref(kind: AnyKind, name: string): ResourceRef {
  return { api: kind.api, kind: kind.kind, namespace: "team", name };
}

async function create(
  kind: AnyKind,
  name: string,
  owners: readonly ResourceRef[] = [],
): Promise<void> {
  const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } }];
  const tosca = {
    tosca_definitions_version: "tosca_simple_yaml_1_0",
    topology_template: { outputs: { kubeconfig: { value: "" } } },
  };
  const spec = kind === application ? { manifest } : { tosca };
  const body = { metadata: { name, owners: [...owners] }, spec };
  await resources.of(kind).create(readInput(kind, body), "team");
}

async function own(kind: AnyKind, name: string, owners: readonly ResourceRef[]): Promise<void> {
  const current = await resources.of(kind).mustGet({ namespace: "team", name });
  const { status: _status, ...body } = current;
  const metadata = { ...current.metadata, owners: [...owners] };
  await resources
    .of(kind)
    .update({ namespace: "team", name }, readInput(kind, { ...body, metadata }));
}

function remove(kind: AnyKind, name: string): Promise<unknown> {
  return resources.of(kind).remove({ namespace: "team", name });
}

/** Waits for the feed to show it: every step of the collector is a change. */
async function until(
  kind: AnyKind,
  name: string,
  holds: (found: { finalizers: readonly string[]; deleted: string | null } | undefined) => boolean,
): Promise<void> {
  const feed = resources.feed(kind);
  const look = (): boolean => holds(feed.objects.get(`team/${name}`)?.metadata);
  if (look()) return;
  const done = Promise.withResolvers<void>();
  const unlisten = feed.listen(() => void (look() && done.resolve()));
  const cancel = clock.after(5_000, () =>
    done.reject(new Error(`${kind.kind} ${name}: waited in vain`)),
  );
  await done.promise.finally(() => {
    unlisten();
    cancel();
  });
}

const untilGone = (kind: AnyKind, name: string): Promise<void> =>
  until(kind, name, (found) => found === undefined);

/** What the application controller does when the objects have gone. */
async function finish(name: string): Promise<void> {
  await until(
    application,
    name,
    (found) => found?.finalizers.at(-1) === applicationFinalizer && found.deleted !== null,
  );
  const place = { namespace: "team", name };
  const { metadata } = await resources.of(application).mustGet(place);
  await resources.of(application).removeFinalizer(place, metadata.uid, applicationFinalizer);
}

test("a cluster takes its applications along, and outlives the last of them", async () => {
  await create(cluster, "c");
  await create(application, "one", [ref(cluster, "c")]);
  await create(application, "two", [ref(cluster, "c")]);
  await create(application, "other");
  await remove(cluster, "c");
  await finish("one");
  await untilGone(application, "one");
  await until(application, "two", (found) => found?.finalizers.at(-1) === applicationFinalizer);
  expect(await resources.of(cluster).get({ namespace: "team", name: "c" })).toBeDefined();
  await finish("two");
  await untilGone(cluster, "c");
  expect(
    (await resources.of(application).mustGet({ namespace: "team", name: "other" })).metadata
      .deleted,
  ).toBeNull();
});

test("a diamond goes as a whole", async () => {
  await create(cluster, "top");
  await create(cluster, "left", [ref(cluster, "top")]);
  await create(cluster, "right", [ref(cluster, "top")]);
  await create(application, "bottom", [ref(cluster, "left"), ref(cluster, "right")]);
  await remove(cluster, "top");
  await finish("bottom");
  for (const name of ["left", "right", "top"]) await untilGone(cluster, name);
});

test("a ring of applications, each with a finalizer of another controller before ours, goes as a whole", async () => {
  for (const name of ["a", "b", "c"]) await create(application, name);
  await own(application, "a", [ref(application, "c")]);
  await own(application, "b", [ref(application, "a")]);
  await own(application, "c", [ref(application, "b")]);
  await remove(application, "a");
  await Promise.all(["a", "b", "c"].map(finish));
  for (const name of ["a", "b", "c"]) await untilGone(application, name);
});

test("an application that owns itself goes", async () => {
  await create(application, "self");
  await own(application, "self", [ref(application, "self")]);
  await remove(application, "self");
  await finish("self");
  await untilGone(application, "self");
});

test("what was begun before a restart is ended after it", async () => {
  await create(cluster, "c");
  await create(application, "one", [ref(cluster, "c")]);
  await disposeAll([resources, gc]);
  const sealer = new Sealer(Buffer.alloc(32), random);
  const alone = new Resources({ store, sealer, clock, random }, silentLog);
  await alone.of(cluster).remove({ namespace: "team", name: "c" });
  await alone[Symbol.asyncDispose]();
  await open();
  await finish("one");
  await untilGone(cluster, "c");
});

test("an owner that never was holds nothing up", async () => {
  await create(application, "one", [
    ref(cluster, "never"),
    { ...ref(cluster, "x"), kind: "Unknown" },
  ]);
  await remove(application, "one");
  await until(
    application,
    "one",
    (found) => found?.finalizers.includes(cascadeFinalizer) === false,
  );
  await finish("one");
  await untilGone(application, "one");
});

test("a dependent that lets go of its owner is left alone", async () => {
  await create(cluster, "c");
  await create(application, "one", [ref(cluster, "c")]);
  await own(application, "one", []);
  await until(application, "one", (found) => found !== undefined);
  await resources.feed(application).caughtUp();
  await remove(cluster, "c");
  await untilGone(cluster, "c");
  const left = await resources.of(application).mustGet({ namespace: "team", name: "one" });
  expect(left.metadata.deleted).toBeNull();
});

test("two collectors over one store do no harm", async () => {
  const sealer = new Sealer(Buffer.alloc(32), random);
  const second = new Resources({ store, sealer, clock, random }, silentLog);
  const other = await start({}, { resources: second, log: silentLog, metrics: new Metrics() });
  await create(cluster, "c");
  const names = Array.from({ length: 10 }, (_, index) => `app-${index}`);
  for (const name of names) await create(application, name, [ref(cluster, "c")]);
  await remove(cluster, "c");
  await Promise.all(names.map(finish));
  await untilGone(cluster, "c");
  await disposeAll([second, other]);
});
