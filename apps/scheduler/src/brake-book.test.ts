import { expect, it } from "vitest";
import type { Cluster } from "@octoplane/kinds/cluster";
import { silentLog as log } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { BrakeBook } from "./brake-book.ts";

const settings = { share: 0.3, least: 3, windowMs: 300_000, holdMs: 600_000 };

function cluster(
  name: string,
  state: string,
  facts: { since?: number; version?: string; deleted?: boolean } = {},
): Cluster {
  const { since, version = null, deleted = false } = facts;
  const last_transition_time = new Date(since ?? 0).toISOString();
  const conditions =
    since === undefined ? [] : [{ type: "Reachable", status: "False", last_transition_time }];
  return {
    metadata: { namespace: "n", name, deleted: deleted ? "2024-01-01T00:00:00Z" : null },
    status: { state, conditions, version },
  } as unknown as Cluster;
}

function open() {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const changed: string[] = [];
  const onChange = (namespace: string): void => void changed.push(namespace);
  const book = new BrakeBook(settings, { clock, log, metrics, onChange });
  const gauge = async (): Promise<number | undefined> => {
    const { values } = await metrics.registry
      .getSingleMetric("octoplane_scheduler_braked_namespaces")!
      .get();
    return values[0]?.value;
  };
  return { book, clock, changed, gauge };
}

const names = ["a", "b", "c", "d", "e"];

it("goes on when many clusters vanish, tells so, and off when they are back", async () => {
  const { book, clock, changed, gauge } = open();
  for (const name of names) book.put(`n/${name}`, cluster(name, "ONLINE"));
  const now = clock.now();
  for (const name of ["a", "b"]) book.put(`n/${name}`, cluster(name, "OFFLINE"));
  expect([book.of("n"), changed, await gauge()]).toEqual([null, [], 0]);
  book.put("n/c", cluster("c", "NOTREADY"));
  expect(book.of("n")).toEqual({ until: now + 600_000, vanished: 3, of: 5 });
  expect([book.of("other"), changed, await gauge()]).toEqual([null, ["n"], 1]);
  book.put("n/a", cluster("a", "FAILING_METRICS"));
  expect([book.of("n"), changed, await gauge()]).toEqual([null, ["n", "n"], 0]);
});

it("goes off by itself when its time is over", () => {
  const { book, clock, changed } = open();
  for (const name of names) book.put(`n/${name}`, cluster(name, "ONLINE"));
  for (const name of names) book.put(`n/${name}`, cluster(name, "OFFLINE"));
  expect(book.of("n")).not.toBeNull();
  clock.advance(600_001);
  expect([book.of("n"), changed]).toEqual([null, ["n", "n"]]);
});

it("is on after a restart, by what the clusters' conditions say; who was never online counts nothing", () => {
  const { book, clock } = open();
  const since = clock.now() - 60_000;
  for (const name of names)
    book.put(`n/${name}`, cluster(name, "OFFLINE", { since, version: "1.30" }));
  expect(book.of("n")).toMatchObject({ until: since + 600_000, vanished: 5 });
  const fresh = open();
  for (const name of names) fresh.book.put(`n/${name}`, cluster(name, "OFFLINE", { since }));
  expect(fresh.book.of("n")).toBeNull();
});

it("clusters that are taken away on purpose are no outage", () => {
  const { book } = open();
  for (const name of names) book.put(`n/${name}`, cluster(name, "ONLINE"));
  for (const name of ["a", "b"]) book.put(`n/${name}`, cluster(name, "OFFLINE", { deleted: true }));
  for (const name of ["c", "d", "e"]) book.remove(`n/${name}`, "n");
  expect(book.of("n")).toBeNull();
});
