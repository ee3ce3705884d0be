import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Copies } from "@octoplane/kinds/copies";
import type { Taint, Toleration } from "@octoplane/kinds/taint";
import { decide } from "../decide.ts";
import {
  application,
  candidate,
  detail,
  intervalMs,
  now,
  reading,
  snapshot,
  type AppFacts,
} from "../testing/facts.ts";

const iso = (ms: number): string => new Date(ms).toISOString();
const noSchedule: Taint = { key: "gpu", value: "yes", effect: "NoSchedule" };
const noExecute: Taint = { key: "down", value: "", effect: "NoExecute" };
const tolerates = (facts: Partial<Toleration>): Toleration => ({
  key: "down",
  operator: "Exists",
  value: "",
  effect: null,
  seconds: null,
  ...facts,
});

function decided(facts: AppFacts, closed: object) {
  const two = [candidate({ name: "closed", ...closed }), candidate({ name: "open" })];
  const { outcome, chosen, reason, candidates, held_until } = decide(
    application({ sinceMs: 10 * intervalMs, ...facts }),
    snapshot(two),
    detail,
  );
  const row = candidates.find(({ cluster }) => cluster.name === "closed");
  const verdict = row?.verdicts.find(({ filter }) => filter === "taints");
  return { outcome, chosen: chosen?.name, code: reason.code, verdict, held_until };
}

describe("a cluster that is cordoned, tainted or drained", () => {
  it.each([
    ["cordoned", { cordoned: true }, "ClusterCordoned", "the cluster is cordoned"],
    ["drained", { drain: true }, "ClusterDraining", "the cluster is being drained"],
    [
      "tainted",
      { taints: [noSchedule] },
      "TaintNotTolerated",
      "gpu=yes:NoSchedule is not tolerated",
    ],
    ["tainted", { taints: [noExecute] }, "TaintNotTolerated", "down:NoExecute is not tolerated"],
  ])("(%s by %j) takes no new application", (_what, closed, reason, message) => {
    const { chosen, verdict } = decided({}, closed);
    expect(chosen).toBe("open");
    expect(verdict).toMatchObject({ fits: false, reason, message });
  });

  it.each([
    ["cordoned", { cordoned: true }, "stayed"],
    ["tainted with NoSchedule", { taints: [noSchedule] }, "stayed"],
    ["tainted with NoExecute", { taints: [noExecute] }, "moved"],
    ["drained", { drain: true }, "moved"],
  ])("(%s) does with what runs there what it says", (_what, closed, outcome) => {
    expect(decided({ on: "closed" }, closed).outcome).toBe(outcome);
    // What may not move stays, whatever the cluster says.
    expect(decided({ on: "closed", migration: false }, closed).outcome).toBe("stayed");
    expect(decided({ on: "closed", completed: 3 }, closed).outcome).toBe("stayed");
  });

  it("moves what has to go at once, also right after another move", () => {
    expect(decided({ on: "closed", sinceMs: 0 }, { drain: true })).toMatchObject({
      outcome: "moved",
      code: "CurrentNoLongerFits",
    });
  });

  it("takes what tolerates it", () => {
    const tainted = { taints: [noExecute], labels: { zone: "x" } };
    const facts = { labels: ["zone is x"] };
    expect(decided({ ...facts, tolerations: [tolerates({})] }, tainted).chosen).toBe("closed");
    expect(decided({ ...facts, tolerations: [tolerates({ key: "up" })] }, tainted)).toMatchObject({
      outcome: "unplaceable",
    });
  });
});

describe("a toleration for some seconds", () => {
  const tolerations = [tolerates({ seconds: 60 })];
  const taintedFor = (ms: number) => ({
    taints: [noExecute],
    taintsSince: { "down:NoExecute": iso(now - ms) },
  });

  it("lets nothing new in: it would have to leave again", () => {
    const { chosen, verdict } = decided({ tolerations }, taintedFor(0));
    expect(chosen).toBe("open");
    expect(verdict?.message).toMatch(/tolerated for 60 s only/);
  });

  it("keeps what runs until then, says when that is, and moves it at that moment", () => {
    expect(decided({ on: "closed", tolerations }, taintedFor(59_000))).toMatchObject({
      outcome: "stayed",
      code: "ToleratesForNow",
      held_until: iso(now + 1_000),
    });
    const over = decided({ on: "closed", tolerations }, taintedFor(60_000));
    expect(over).toMatchObject({ outcome: "moved", code: "CurrentNoLongerFits", held_until: null });
    expect(over.verdict?.message).toBe("down:NoExecute was tolerated for 60 s, which are over");
  });

  it("keeps copies as well, and says when the first of them has to go", () => {
    const copies: Copies = { count: 2, replicas: "duplicated", divide_by: "even", weights: [] };
    const app = application({ on: "closed", tolerations, placement: { copies } });
    const closed = candidate({ name: "closed", ...taintedFor(59_000) });
    const open = candidate({ name: "open" });
    const places = [closed, open].map(({ name }) => ({
      cluster: { api: "kubernetes", kind: "Cluster", namespace: "n", name },
      share: null,
    }));
    const settled = { ...app, status: { ...app.status, places } };
    expect(decide(settled, snapshot([closed, open]), detail)).toMatchObject({
      outcome: "stayed",
      reason: { code: "ToleratesForNow" },
      held_until: iso(now + 1_000),
    });
  });

  it("counts from now while nobody has written down since when the taint is there", () => {
    const fresh = decided({ on: "closed", tolerations }, { taints: [noExecute] });
    expect(fresh).toMatchObject({ outcome: "stayed", held_until: iso(now + 60_000) });
  });

  it("holds nothing that may not move anyway, and gives way to an earlier moment", () => {
    const held = decided({ on: "closed", tolerations, migration: false }, taintedFor(0));
    expect(held).toMatchObject({ code: "MigrationDisabled", held_until: null });
    const two = [
      candidate({ name: "a", ...taintedFor(0) }),
      candidate({ name: "b", readings: [reading("m", 1, 1)] }),
    ];
    const app = application({ on: "a", sinceMs: intervalMs - 5, tolerations });
    expect(decide(app, snapshot(two), detail)).toMatchObject({
      reason: { code: "MovedRecently" },
      held_until: iso(now + 5),
    });
  });
});

it("no decision puts an application where a taint, a cordon or a drain keeps it away", () => {
  const taint = fc.record<Taint>({
    key: fc.constantFrom("a", "b"),
    value: fc.constantFrom("", "x"),
    effect: fc.constantFrom("NoSchedule", "NoExecute"),
  });
  const cluster = fc.record({
    taints: fc.array(taint, { maxLength: 2 }),
    cordoned: fc.boolean(),
    drain: fc.constantFrom(false, false, true),
  });
  const toleration = fc.record<Toleration>({
    key: fc.constantFrom("a", "b"),
    operator: fc.constant("Exists"),
    value: fc.constant(""),
    effect: fc.constantFrom(null, "NoSchedule", "NoExecute"),
    seconds: fc.constant(null),
  });
  const on = fc.constantFrom(null, "c0", "c1");
  fc.assert(
    fc.property(
      fc.array(cluster, { maxLength: 4 }),
      fc.array(toleration),
      on,
      (all, some, where) => {
        const app = application({ on: where, tolerations: some, sinceMs: 10 * intervalMs });
        const candidates = all.map((facts, index) => candidate({ name: `c${index}`, ...facts }));
        const { chosen, outcome } = decide(app, snapshot(candidates), detail);
        if (chosen === null) return;
        const facts = all[Number(chosen.name.slice(1))]!;
        const bears = ({ key, effect }: Taint): boolean =>
          some.some((one) => one.key === key && (one.effect ?? effect) === effect);
        const inTheWay = facts.taints.filter((one) => !bears(one));
        expect(facts.drain).toBe(false);
        expect(inTheWay.some(({ effect }) => effect === "NoExecute")).toBe(false);
        if (outcome === "stayed") return;
        expect([facts.cordoned, inTheWay]).toEqual([false, []]);
      },
    ),
  );
});
