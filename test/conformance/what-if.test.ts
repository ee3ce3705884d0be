import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlobalPlacementPolicyKind } from "@octoplane/kinds/placement-policy";
import { anyKind } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { fleetPrefix } from "@octoplane/resources/keys";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { openServer, type ServerBench } from "./api/server-bench.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** Explanations, plans, replays and backtests over REST, of what a real scheduler wrote down. */

let folder: string;
let server: ServerBench;
let stage: Stage;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "octoplane-what-if-"));
  const parts = { clock: systemClock, log: silentLog };
  server = await openServer(await openStore(`lmdb://${folder}`, {}, parts));
  stage = new Stage(server.bench, folder);
});
afterEach(async () => {
  await stage.stop();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const root = `/kubernetes/namespaces/${namespace}`;
const load = [{ name: "load", weight: 1 }];
const heat = [{ name: "heat", weight: 1 }];

/** Two clusters with a metric each, and an application on the better one, north. */
async function twoClusters(config: object = { reschedule_after: 3_600 }): Promise<void> {
  await stage.schedule(config);
  await stage.values("one", { load: 0.8, heat: 0.3 });
  await stage.cluster("north", { labels: { zone: "n" }, metrics: load });
  await stage.cluster("south", { labels: { zone: "s" }, metrics: heat });
  await stage.app("web");
  await stage.untilOn("web", "north");
  await shown("north", "south");
}

/** Until the newest fleet has these clusters, with their metrics. */
async function shown(...names: readonly string[]): Promise<void> {
  await waitFor("the fleet is written down", async () => {
    const plan = await server.ok("POST", `${root}/plans`, { body: {} });
    const { decision } = await explain("web");
    return (
      plan.fleet?.clusters === names.length &&
      decision?.candidates.every((row: Json) => row.parts.length > 0)
    );
  });
}

const explain = (name: string): Promise<Json> =>
  server.ok("GET", `${root}/applications/${name}/explanation`);
const plan = (body: object, user?: string): Promise<Json> =>
  server.ok("POST", `${root}/plans`, { body, ...(user === undefined ? {} : { user }) });

describe("an explanation", () => {
  it("decides anew without writing, and says which metric would have to be what for a move", async () => {
    await twoClusters();
    const before = (await server.bench.store.list("/")).revision;
    const told = await explain("web");
    expect((await server.bench.store.list("/")).revision).toBe(before);
    expect(told).toMatchObject({
      kind: "Explanation",
      decision: { outcome: "stayed", chosen: { name: "north" }, runner_up: { name: "south" } },
      recorded: { outcome: "placed", chosen: { name: "north" } },
      obstacles: [],
    });
    expect(told.recorded.basis.inputs).toBeUndefined();
    const [nearest] = told.shifts;
    expect(told.shifts.map(({ metric, cluster }: Json) => [metric, cluster.name])).toEqual([
      ["heat", "south"],
      ["load", "north"],
    ]);
    // What it says is true: a plan with a little more moves it, one with a little less does not.
    const moves = async (value: number): Promise<number> =>
      (await plan({ metrics: [{ metric: "heat", value }] })).totals.held;
    expect([
      await moves(nearest.raw_needed + 0.001),
      await moves(nearest.raw_needed - 0.001),
    ]).toEqual([1, 0]);
  });

  it("names what is in the way on every cluster of an application that fits nowhere", async () => {
    await twoClusters();
    const constraints = { cluster: { labels: ["zone is s"], metrics: ["heat >= 0.5"] } };
    await stage.app("lost", { constraints });
    await stage.untilApp("lost", "waits", ({ status }) => status.reason !== null);
    const { obstacles, decision } = await explain("lost");
    expect(decision.outcome).toBe("unplaceable");
    expect(obstacles).toMatchObject([
      {
        cluster: { name: "south" },
        alone: "metrics",
        needs: [{ metric: "heat", value: 0.3, needed: ">= 0.5" }],
      },
      { cluster: { name: "north" }, alone: null },
    ]);
  });

  it("sees what the scheduler sees: neighbours, capacity, data on nodes, policies", async () => {
    await twoClusters();
    const workload = (cpu: string) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }] },
    });
    const cluster = { applications: [{ apart: "" }], spread: [{ max_skew: 1 }] };
    const spec = {
      manifest: [workload("500m")],
      constraints: { cluster },
      placement: { policy: "nowhere", weights: { load: 2 } },
    };
    await stage.app("second", spec);
    await stage.untilOn("second", "south");
    await stage.app("third", spec);
    await stage.untilApp("third", "waits", ({ status }) => status.reason !== null);
    const settled = async (name: string): Promise<Json> => {
      const { decision, recorded } = await explain(name);
      return { decision, recorded };
    };
    const { decision, recorded } = await waitFor("the API has seen it too", async () => {
      const told = await settled("third");
      return told.recorded === null ? undefined : told;
    });
    for (const field of ["outcome", "reason", "chosen", "policy", "candidates_fitting"]) {
      expect([field, decision[field]]).toEqual([field, recorded[field]]);
    }
    const verdicts = ({ candidates }: Json): Json =>
      candidates.map((row: Json) => [row.cluster.name, row.verdicts, row.score]);
    expect(verdicts(decision)).toEqual(verdicts(recorded));
    expect(JSON.stringify(verdicts(decision))).toContain("apart");
  });

  it("is there before any scheduler was", async () => {
    await stage.app("early");
    expect(await explain("early")).toMatchObject({ fleet: null, decision: null, recorded: null });
  });
});

describe("a replay", () => {
  it("of every recorded decision is identical, and of none that is not kept", async () => {
    await twoClusters();
    const { items } = await server.ok("GET", `${root}/applications/web/decisions`);
    for (const { sequence } of items) {
      const path = `${root}/applications/web/decisions/${sequence}/replay`;
      const again = await server.ok("GET", path);
      expect(again).toMatchObject({ kind: "Replay", sequence, identical: true, differences: [] });
      expect(again.decision.chosen).toEqual(
        items.find((one: Json) => one.sequence === sequence).chosen,
      );
    }
    for (const wrong of ["99", "0", "-1", "x"]) {
      const path = `${root}/applications/web/decisions/${wrong}/replay`;
      expect((await server.call("GET", path)).status).toBe(404);
    }
  });

  it("is gone with the journal", async () => {
    await twoClusters();
    await stage.stop();
    const { store } = server.bench;
    const { entries } = await store.list(fleetPrefix(namespace), { keysOnly: true });
    await store.commit(
      [],
      entries.map(({ key }) => ({ key, remove: true })),
    );
    const { status, body } = await server.call(
      "GET",
      `${root}/applications/web/decisions/1/replay`,
    );
    expect([status, body.code]).toEqual([410, "Compacted"]);
  });
});

describe("a plan", () => {
  it("moves nothing when nothing changes, and writes nothing whatever it says", async () => {
    await twoClusters();
    const before = (await server.bench.store.list("/")).revision;
    expect((await plan({})).totals).toEqual({
      applications: 1,
      moves: 0,
      placed: 0,
      stays: 1,
      held: 0,
      unplaceable: 0,
      waits: 0,
    });
    const lost = await plan({ clusters_lost: ["north"] });
    expect(lost.items).toMatchObject([
      {
        application: "web",
        outcome: "moves",
        from: { name: "north" },
        to: { name: "south" },
        reason: { code: "CurrentNoLongerFits" },
        already: false,
      },
    ]);
    expect((await plan({ clusters_lost: ["north", "south"] })).totals.unplaceable).toBe(1);
    expect((await server.bench.store.list("/")).revision).toBe(before);
    expect((await stage.apps.mustGet({ namespace, name: "web" })).status.scheduled_to?.name).toBe(
      "north",
    );
  });

  it("tries metrics, weights and policies, each with its gain", async () => {
    await twoClusters({ reschedule_after: 0 });
    const metric = await plan({ metrics: [{ metric: "load", cluster: "north", value: 0 }] });
    expect(metric.items).toMatchObject([{ outcome: "moves", to: { name: "south" } }]);
    expect(metric.items[0].gain).toBeCloseTo(0.3 - 0.1 / 1.1, 6);
    const weights = await plan({ weights: { heat: 1 } });
    expect(weights.items).toMatchObject([{ outcome: "moves", to: { name: "south" } }]);
    const kind = anyKind(GlobalPlacementPolicyKind);
    const spec = { objectives: [{ metric: "heat", weight: 1 }], dwell: 0 };
    const body = readInput(kind, { metadata: { name: "cool" }, spec });
    await server.bench.resources.of(kind).create(body, undefined);
    await waitFor("the policy is known", async () => {
      const { warnings, items } = await plan({ policy: "cool" });
      return warnings.length === 0 && items[0]?.to?.name === "south";
    });
  });

  it("says what of the question means nothing, and refuses what it cannot read", async () => {
    await twoClusters();
    const { warnings } = await plan({
      clusters_lost: ["west"],
      metrics: [{ metric: "cold", value: 1 }],
      policy: "none",
      applications: ["gone"],
    });
    expect(warnings).toEqual([
      "there is no cluster west",
      "no cluster names a metric cold",
      "there is no application gone",
      "there is no placement policy none",
    ]);
    for (const body of [
      { more: 1 },
      { metrics: [{ metric: "a" }] },
      { weights: { load: -1 } },
      [],
    ]) {
      expect((await server.call("POST", `${root}/plans`, { body })).status).toBe(422);
    }
  });

  it("shows nothing to whom may not list what it tells of, and is a right of its own", async () => {
    await twoClusters();
    const body = (verbs: readonly string[], resources: readonly string[]) => ({
      metadata: { name: "some" },
      rules: [{ api: "kubernetes", resources, namespaces: [namespace], verbs }],
    });
    const allow = async (verbs: readonly string[], resources: readonly string[]): Promise<void> => {
      await server.ok("PUT", "/core/roles/some", { body: body(verbs, resources) });
    };
    await server.ok("POST", "/core/roles", { body: body(["get"], ["plans"]) });
    const binding = { metadata: { name: "some" }, users: ["eve"], roles: ["some"] };
    await server.ok("POST", "/core/rolebindings", { body: binding });
    const status = async (): Promise<number> =>
      (await server.call("POST", `${root}/plans`, { user: "eve", body: {} })).status;
    expect(await status()).toBe(403);
    for (const few of [
      ["plans"],
      ["plans", "applications"],
      ["plans", "clusters"],
      ["applications", "clusters"],
    ]) {
      await allow(["create", "list"], few);
      expect([few, await status()]).toEqual([few, 403]);
    }
    await allow(["create", "list"], ["plans", "applications", "clusters"]);
    await waitFor("the right", async () => (await status()) === 200);
    // Whoever holds it in one namespace holds it, and may hand it on, in that one only.
    const mine = async (place: string): Promise<boolean> => {
      const query = `verb=create&api=kubernetes&resource=plans&namespace=${place}`;
      return (await server.ok("GET", `/me/rights?${query}`, { user: "eve" })).allowed;
    };
    expect([await mine(namespace), await mine("other")]).toEqual([true, false]);
    const granting = [{ api: "core", resources: ["roles"], namespaces: [""], verbs: ["create"] }];
    const roles = { metadata: { name: "granter" }, rules: granting };
    await server.ok("POST", "/core/roles", { body: roles });
    const bound = { metadata: { name: "granter" }, users: ["eve"], roles: ["granter"] };
    await server.ok("POST", "/core/rolebindings", { body: bound });
    const grant = async (name: string, place: string): Promise<number> => {
      const rule = {
        api: "kubernetes",
        resources: ["plans"],
        namespaces: [place],
        verbs: ["create"],
      };
      const sent = { metadata: { name }, rules: [rule] };
      return (await server.call("POST", "/core/roles", { user: "eve", body: sent })).status;
    };
    await waitFor("the right to grant", async () => (await grant("same", namespace)) !== 403);
    expect(await grant("elsewhere", "other")).toBe(403);
    const elsewhere = `/kubernetes/namespaces/other/plans`;
    expect((await server.call("POST", elsewhere, { user: "eve", body: {} })).status).toBe(403);
    expect((await server.call("POST", `${root}/backtests`, { user: "eve", body: {} })).status).toBe(
      403,
    );
  });
});

describe("a backtest", () => {
  it("counts moves and regret of a policy against none and against what happened", async () => {
    await twoClusters({ reschedule_after: 0 });
    await stage.values("one", { load: 0.1, heat: 0.9 });
    await stage.untilOn("web", "south");
    await shown("north", "south");
    const body = { weights: { load: 1, heat: 1 }, since: 3_600 };
    const result = await server.ok("POST", `${root}/backtests`, { body });
    expect(result).toMatchObject({
      kind: "Backtest",
      applications: { counted: 1, of: 1 },
      warnings: [],
    });
    expect(result.steps).toBeGreaterThan(0);
    expect(Date.parse(result.records.from)).toBeLessThanOrEqual(Date.parse(result.records.to));
    const names = result.results.map(({ name }: Json) => name);
    expect(names).toEqual(["tried", "default", "recorded"]);
    const recorded = result.results[2];
    expect(recorded.moves).toBe(1);
    expect(recorded.mean_regret).toBeGreaterThanOrEqual(0);
  });

  it("says so when nothing is written down", async () => {
    const result = await server.ok("POST", `${root}/backtests`, { body: { policy: "cost" } });
    expect(result).toMatchObject({ records: null, results: [], steps: 0 });
  });
});
