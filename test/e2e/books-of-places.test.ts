import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AppWorld } from "@octoplane/app-controller/app-world";
import { ClusterView } from "@octoplane/app-controller/cluster-view";
import {
  AppControllerConfigSchema,
  type AppControllerConfig,
} from "@octoplane/app-controller/config";
import { reconcileApplication } from "@octoplane/app-controller/reconcile-application";
import { ApplicationKind, type ApplicationStatus } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { connectKube } from "@octoplane/kube/http-kube";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock as clock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { silentLog as log } from "@octoplane/shared/log";
import { systemRandom as random } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import { waitFor } from "../wait-for.ts";
import { peek } from "./field.ts";
import { configMap } from "./manifests.ts";

/** The books of an application with several places, when somebody else writes in them while copies are being made. */

const ref = { namespace: "team", name: "app" };
const key = "team/app";
const placeOn = (name: string) => ({
  cluster: { api: "kubernetes", kind: "Cluster", namespace: "team", name },
  share: null,
});

let folder: string;
let sim: Sim;
let closing: AsyncDisposable[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-books-"));
  sim = await startSim({ clock, random });
  closing = [sim];
});
afterEach(async () => {
  await disposeAll(closing.toReversed());
  await rm(folder, { recursive: true, force: true });
});

it("leave nothing on a cluster that nobody knows of", async () => {
  const store = await openStore(`lmdb://${folder}`, {}, { clock, random, log });
  const sealer = new Sealer(Buffer.alloc(32), random);
  const resources = new Resources({ store, sealer, clock, random }, log);
  closing.push(store, resources);
  const repository = resources.of(ApplicationKind);
  const spec = { manifest: [configMap("x", {})], placement: { copies: { count: 2 } } };
  const body = { metadata: { name: ref.name }, spec };
  const app = await repository.create(readInput(anyKind(ApplicationKind), body), ref.namespace);
  const write = async (change: (status: ApplicationStatus) => Partial<ApplicationStatus>) =>
    await repository.updateStatus(ref, app.metadata.uid, ({ status }) => ({
      status: { ...status, ...change(status) },
    }));
  await write(() => ({
    scheduled_generation: app.metadata.generation,
    scheduled_to: placeOn("a").cluster,
    places: [placeOn("a"), placeOn("b")],
  }));

  const clusters = new Map(["a", "b"].map((name) => [name, sim.addCluster({ name })]));
  const views = new Map(
    [...clusters].map(([name, { kubeconfig }]) => {
      const kube = connectKube(kubeconfig, { clock });
      const view = new ClusterView(kube, { clock, random, log, onChange: () => undefined });
      closing.push(kube, view);
      return [name, view];
    }),
  );
  const made = (name: string): unknown => peek(clusters.get(name)!, "ConfigMap", "x");
  let isFirst = true;
  const world: AppWorld = {
    repository,
    clock,
    random,
    startGraceMs: 1_000,
    ...readAs<Pick<AppControllerConfig, "hooks">>(AppControllerConfigSchema, {}),
    hookSigners: new Map(),
    apiEndpoint: "http://127.0.0.1:8080",
    requestShutdown: async () => undefined,
    fetchSource: async () => new Uint8Array(),
    read: async () => await repository.get(ref),
    wrote: () => undefined,
    unrecorded: new Map(),
    clusterUid: ({ name }) => name,
    isTakenAway: () => false,
    clusterLabels: () => ({}),
    outage: () => undefined,
    isLiving: (uid) => uid === app.metadata.uid,
    application: () => undefined,
    othersIn: () => [],
    view: async ({ name }) => {
      if (name === "b" && isFirst) {
        isFirst = false;
        await waitFor("the first copy stands", () => made("a"));
        // Another controller gave the first place up, and took its copy out of the books before it was made.
        await write(() => ({ places: [placeOn("b")], copies: [] }));
      }
      return views.get(name)!;
    },
  };
  const { signal } = new AbortController();
  const refused = await reconcileApplication(world, key, signal).catch((error: unknown) => error);
  expect(isFailure(refused, "Conflict")).toBe(true);
  await reconcileApplication(world, key, signal);
  expect([made("a") === undefined, made("b") === undefined]).toEqual([true, false]);
  const { status } = await repository.mustGet(ref);
  expect(status.copies.map(({ cluster }) => cluster.name)).toEqual(["b"]);
});
