import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";
import type { Decision } from "@octoplane/kinds/decision";
import { limits } from "@octoplane/shared/limits";
import { movesOf, statusAfter } from "./record-decision.ts";

const place = (name: string) => ({ namespace: "n", name });
const time = "2024-06-01T12:00:00.000Z";

function app(status: object = {}): Application {
  const bound = { api: "kubernetes", kind: "Cluster", ...place("a") };
  return {
    metadata: { namespace: "n", name: "x", generation: 1, deleted: null },
    spec: {},
    status: {
      conditions: [],
      decisions: 0,
      scheduled_generation: 1,
      scheduled_to: bound,
      running_on: bound,
      ...status,
    },
  } as unknown as Application;
}

function decision(facts: Partial<Decision>, fits = true): Decision {
  return {
    sequence: 1,
    time,
    generation: 1,
    outcome: "stayed",
    reason: { code: "Best", message: "" },
    chosen: place("a"),
    previous: place("a"),
    candidates: [{ cluster: place("a"), fits, verdicts: [], score: null, parts: [] }],
    ...facts,
  } as unknown as Decision;
}

const moved = (code = "Best"): Decision =>
  decision({ outcome: "moved", chosen: place("b"), reason: { code, message: "" } });

describe("the moves that are remembered", () => {
  it("are those from one cluster to another, the newest last, as many as are kept", () => {
    expect(movesOf(decision({}))).toEqual([]);
    expect(movesOf(decision({ outcome: "placed", previous: null }))).toEqual([]);
    expect(statusAfter(app(), moved())).toMatchObject({ moves: [{ time, from: "a", to: "b" }] });
    const old = { time: "2024-01-01T00:00:00Z", from: "c", to: "a" };
    const moves = Array.from({ length: limits.movesKeptMax }, () => old);
    const after = statusAfter(app({ moves }), moved())?.moves;
    expect([after?.length, after?.at(-1)?.to]).toEqual([limits.movesKeptMax, "b"]);
  });

  it("are one for each copy that goes elsewhere, and none for a copy more", () => {
    const names = (to: string) => [place("a"), place(to)].map((one) => ({ ...one, share: null }));
    const replaced = [
      { from: "b", to: "c" },
      { from: "d", to: "e" },
    ];
    const both = decision({ outcome: "moved", places: names("c"), replaced });
    expect(movesOf(both)).toEqual(replaced.map((move) => ({ time, ...move })));
    const more = decision({ outcome: "moved", places: names("c"), replaced: [] });
    expect(movesOf(more)).toEqual([]);
    expect(statusAfter(app({ scheduled: "then" }), more)).toMatchObject({ scheduled: "then" });
  });

  it("are not there for an application that never moved", () => {
    const placed = statusAfter(app(), decision({ outcome: "placed", previous: null }));
    expect(placed).not.toHaveProperty("moves");
    expect(placed).not.toHaveProperty("failed_moves");
  });

  it("name the cluster on which it failed, until it is healthy there", () => {
    const failed = statusAfter(app({ running_on: place("c") }), moved("MigrationFailed"));
    expect(failed?.failed_moves).toEqual([{ cluster: "a", time, count: 1, generation: 1 }]);
    const { failed_moves } = failed!;
    expect(statusAfter(app({ failed_moves }), moved())?.failed_moves).toEqual([]);
    const elsewhere = app({ failed_moves, running_on: place("c") });
    expect(statusAfter(elsewhere, moved())?.failed_moves).toEqual(failed_moves);
  });
});

describe("what people are told of a decision", () => {
  const of = (one: Decision, type: string, status: object = {}) =>
    conditionOf(statusAfter(app(status), one)?.conditions ?? [], type);
  const braked = { reason: { code: "FleetBraked", message: "3 of 5" } };

  it("is that the brake holds it where it does not fit, once, and no more when it is off", () => {
    expect(of(decision(braked, false), "Held")).toMatchObject({ status: "True" });
    expect(of(decision(braked, true), "Held")).toBeUndefined();
    const held = statusAfter(app(), decision(braked, false))!;
    const more = decision({ reason: { code: "FleetBraked", message: "4 of 5" } }, false);
    expect(statusAfter(app(held), more)).toBeUndefined();
    expect(of(decision({}), "Held", held)).toBeUndefined();
    expect(statusAfter(app(held), decision({}))).toBeDefined();
  });

  it("is by which policy it was made, and what is wrong with that", () => {
    const policy = { name: "p", namespaced: null, weights: {}, problem: null };
    expect(of(decision({ policy }), "Policy")).toMatchObject({ status: "True", reason: "Applied" });
    const problem = { code: "PolicyMissing", message: "m" };
    expect(of(decision({ policy: { ...policy, problem } }), "Policy")).toMatchObject({
      status: "False",
      reason: "PolicyMissing",
      message: "m",
    });
    expect(of(decision({}), "Policy")).toBeUndefined();
  });
});

describe("a cluster that is made for the application", () => {
  const cloud = { api: "infrastructure", kind: "Cloud", namespace: "n", name: "c" };
  const step = { name: "auto-1", cloud, attempt: 1, reason: null };
  const waits = (phase: "started" | "waiting"): Decision =>
    decision({
      outcome: "waits",
      chosen: null,
      reason: { code: "WaitingForCluster", message: phase },
      new_cluster: { ...step, phase },
    });
  const begun = { ...app().status, ...statusAfter(app(), waits("started")) };

  it("is remembered when it is begun, with Krake's field, and waiting for it says nothing new", () => {
    expect(begun).toMatchObject({
      auto_cluster_create_started: "auto-1",
      new_cluster: { name: "auto-1", generation: 1, started: time, ended: null },
    });
    expect(statusAfter(app(begun), waits("waiting"))).toBeUndefined();
  });

  it("is told of once more when it did not come, and forgotten when it did", () => {
    const reason = { code: "ClusterLate", message: "late" };
    const new_cluster = { ...step, phase: "ended", reason } as const;
    const ended = statusAfter(app(begun), decision({ new_cluster }));
    expect(ended).toMatchObject({
      auto_cluster_create_started: null,
      new_cluster: { started: time, ended: time, reason },
    });
    const ready = decision({ outcome: "placed", new_cluster: { ...step, phase: "ready" } });
    const there = statusAfter(app(begun), ready);
    expect(there?.auto_cluster_create_started).toBeNull();
    expect(there).not.toHaveProperty("new_cluster");
  });

  it("that only Krake knew of is forgotten with the next record", () => {
    const taken = app({ auto_cluster_create_started: "cluster-1234" });
    expect(statusAfter(taken, moved())?.auto_cluster_create_started).toBeNull();
  });
});
