import { expect, it } from "vitest";
import type { Copy } from "@octoplane/kinds/application";
import { migrationHooks } from "@octoplane/delivery/migration-hooks";
import { limits } from "@octoplane/shared/limits";
import {
  freshRun,
  isCurrent,
  migratingFrom,
  migrationDigest,
  patienceMs,
  withoutMigration,
} from "./migration-run.ts";

const cluster = (name: string) => ({ api: "kubernetes", kind: "Cluster", namespace: "n", name });
const copy = (name: string, more: Partial<Copy> = {}): Copy => ({
  cluster: cluster(name),
  cluster_uid: `uid-${name}`,
  generation: 1,
  objects: [],
  ...more,
});
const job = (hook: string, spec: object = {}) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "save", annotations: { "octoplane.io/hook": hook } },
  spec,
});
const item = (name: string): Copy["objects"][number] => ({
  group: "batch",
  version: "v1",
  kind: "Job",
  namespace: "default",
  name,
  uid: name,
  digest: "",
  fields_digest: "",
  created: true,
});

type App = Parameters<typeof migratingFrom>[0];
function app(running: string | null, status: object = {}, manifest = [job("pre-migrate")]): App {
  const running_on = running === null ? null : cluster(running);
  return { spec: { manifest }, status: { running_on, ...status } } as unknown as App;
}

it("an application hands over from where it runs to its only place, and only with Jobs for it", () => {
  const to = [{ cluster: cluster("b") }];
  const source = copy("a");
  expect(migratingFrom(app("a"), to, [copy("c"), source])).toBe(source);
  expect(migratingFrom(app("b"), to, [source])).toBeUndefined();
  expect(migratingFrom(app(null), to, [source])).toBeUndefined();
  expect(migratingFrom(app("a", { places: [] }), to, [source])).toBeUndefined();
  expect(migratingFrom(app("a", {}, []), to, [source])).toBeUndefined();
  expect(migratingFrom(app("a"), to, [copy("a", { generation: 0 })])).toBeUndefined();
  expect(migratingFrom(app("a"), to, [copy("c")])).toBeUndefined();
});

it("another way, and other Jobs, are another migration; whatever else changes is not", () => {
  const ends = { from: "a", to: "b" };
  const digest = migrationDigest(app("a"), ends);
  expect(migrationDigest(app("a"), { from: "b", to: "a" })).not.toBe(digest);
  expect(migrationDigest(app("a", {}, [job("post-migrate")]), ends)).not.toBe(digest);
  const more = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } };
  const other = app("a", {}, [more as never, job("pre-migrate")]);
  expect(migrationDigest(other, ends)).toBe(digest);
});

it("one that failed stays so until somebody has changed the specification", () => {
  const time = { now: 0, forMs: 1_000 };
  const run = freshRun(undefined, { digest: "d", generation: 3 }, time);
  expect(run).toMatchObject({ event: "migrate", over: false, until: "1970-01-01T00:00:01.000Z" });
  expect(isCurrent(run, { digest: "d", generation: 4 })).toBe(true);
  expect(isCurrent(run, { digest: "e", generation: 3 })).toBe(false);
  const failed = { ...run, failed: "it broke" };
  expect(isCurrent(failed, { digest: "d", generation: 3 })).toBe(true);
  expect(isCurrent(failed, { digest: "d", generation: 4 })).toBe(false);
});

it("what an earlier migration has left is taken along, and goes with the copy in the end", () => {
  const left = { ...freshRun(undefined, { digest: "d", generation: 1 }, { now: 0, forMs: 1 }) };
  const before = { ...left, objects: [item("save")] };
  const next = freshRun(before, { digest: "e", generation: 2 }, { now: 0, forMs: 1 });
  expect(next.objects).toEqual([item("save")]);
  const folded = withoutMigration(copy("a", { objects: [item("web")], migration: next }));
  expect(folded).toEqual(copy("a", { objects: [item("web"), item("save")] }));
});

it("Jobs have the time of a migration, or that of their own deadline, and never for ever", () => {
  const patience = (activeDeadlineSeconds?: unknown): number => {
    const manifest = [job("pre-migrate", { activeDeadlineSeconds }), job("post-migrate")];
    return patienceMs(migrationHooks(manifest, "pre", { from: "a", to: "b" }));
  };
  expect(patience()).toBe(limits.migrationTimeoutMs);
  expect(patience(5)).toBe(limits.migrationTimeoutMs);
  expect(patience(7_200)).toBe(7_200_000 + limits.migrationHookLateMs);
  expect(patience(Number.MAX_SAFE_INTEGER)).toBe(limits.shutdownGraceMostMs);
});
