import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { readAs, readInput } from "@octoplane/kinds/read-input";
import { encodeItem } from "@octoplane/placement/fleet";
import { FleetJournal } from "@octoplane/resources/fleet-journal";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock as clock } from "@octoplane/shared/clock";
import { silentLog as log } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom as random } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import { CalmBook } from "./calm-book.ts";
import { CandidateBook } from "./candidate-book.ts";
import { SchedulerConfigSchema, type SchedulerConfig } from "./config.ts";
import { fleetViewer } from "./fleet-view.ts";
import { reconcileApplication } from "./reconcile-application.ts";
import { isAheadOfClusters } from "./late-clusters.ts";
import { Standings } from "./standings.ts";

test("nothing is decided on what is older than the last decision: it waits for the feed and looks again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "octoplane-scheduler-"));
  const store = await openStore(`lmdb://${folder}`, {}, { clock, random, log });
  const sealer = new Sealer(Buffer.alloc(32), random);
  const resources = new Resources({ store, sealer, clock, random }, log);
  try {
    const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" } }];
    const body = { metadata: { name: "web" }, spec: { manifest } };
    const repository = resources.of(ApplicationKind);
    const input = readInput(anyKind(ApplicationKind), body);
    const created = await repository.create(input, "team");
    const candidates = new CandidateBook();
    const clusters = resources.of(ClusterKind);
    const settings = { stickiness: 0.1, rescheduleAfterMs: 60_000 };
    const look = fleetViewer(candidates, settings);
    const parts = { store, clock, random, log };
    await using journal = new FleetJournal({ ...parts, look, encode: encodeItem });
    const shown = new Map([["team/web", created]]);
    const world = {
      applications: { objects: shown },
      repository,
      fleet: journal,
      clock,
      settings,
      standings: new Standings(),
      groups: new PlacementGroups(0),
      isAheadOfClusters: (app: Application) => isAheadOfClusters({ clusters, candidates }, app),
      calm: new CalmBook(resources, {
        config: readAs<SchedulerConfig>(SchedulerConfigSchema, {}),
        log,
        metrics: new Metrics(),
        rule: () => undefined,
        onBrake: () => undefined,
      }),
      clouds: { factsOf: () => ({}), create: async () => undefined },
      written: new Map<string, bigint>(),
    };
    const ref = { namespace: "team", name: "web" };
    const decided = async () => (await repository.mustGet(ref)).status;
    await reconcileApplication(world, "team/web");
    expect((await decided()).state).toBe("DEGRADED");
    // A cluster comes while the feed still shows the application as it was.
    await addCluster(resources, candidates);
    expect(await reconcileApplication(world, "team/web")).toMatchObject({
      requeueAfterMs: expect.any(Number),
    });
    expect((await decided()).scheduled_to).toBeNull();
    shown.set("team/web", await repository.mustGet(ref));
    await reconcileApplication(world, "team/web");
    expect((await decided()).scheduled_to?.name).toBe("north");
    expect(world.written.size).toBe(1);
    shown.set("team/web", await repository.mustGet(ref));
    await reconcileApplication(world, "team/web");
    expect(world.written.size).toBe(0);
    // The feed of the clusters is behind: what runs there is not moved for that.
    candidates.remove("team/north", "team");
    expect(await reconcileApplication(world, "team/web")).toMatchObject({
      requeueAfterMs: expect.any(Number),
    });
    expect((await decided()).scheduled_to?.name).toBe("north");
    expect((await decided()).state).not.toBe("DEGRADED");
    await resources.of(ClusterKind).remove({ namespace: "team", name: "north" }, { force: true });
    expect(await reconcileApplication(world, "team/web")).toEqual({});
    expect((await decided()).state).toBe("DEGRADED");
  } finally {
    await resources[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
});

/** A cluster that answers, in the book. */
async function addCluster(resources: Resources, candidates: CandidateBook): Promise<void> {
  const tosca = {
    tosca_definitions_version: "tosca_simple_yaml_1_0",
    topology_template: { outputs: { kubeconfig: { value: "" } } },
  };
  const input = readInput(anyKind(ClusterKind), { metadata: { name: "north" }, spec: { tosca } });
  const created = await resources.of(ClusterKind).create(input, "team");
  const ref = { namespace: "team", name: "north" };
  const online = await resources.of(ClusterKind).updateStatus(ref, created.metadata.uid, (now) => ({
    status: {
      ...now.status,
      conditions: ["NoPressure", "NodesReady", "Reachable"].map((type) => ({
        type,
        status: "True" as const,
        reason: "Fine",
        message: "",
        observed_generation: 1,
        last_transition_time: "2026-01-01T00:00:00Z",
      })),
    },
  }));
  candidates.put("team/north", online, []);
}
