import { describe, expect, it } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import { CandidateBook } from "./candidate-book.ts";
import { putCluster, removeCluster } from "./cluster-change.ts";
import { Standings } from "./standings.ts";

function cluster(name: string, cores: number): Cluster {
  const capacity = { cpu_free_cores: cores, memory_free_bytes: 1e9, pods_free: 10 };
  return {
    metadata: { namespace: "n", name, labels: {}, deleted: null },
    spec: { custom_resources: [] },
    status: { state: "ONLINE", conditions: [], served_kinds: [], capacity },
  } as unknown as Cluster;
}

function app(name: string, on: string | null): Application {
  const bound = on === null ? null : { api: "k", kind: "Cluster", namespace: "n", name: on };
  return {
    metadata: { namespace: "n", name, labels: {}, generation: 1, deleted: null },
    spec: { manifest: [], constraints: { cluster: { custom_resources: [] }, migration: true } },
    status: { conditions: [], scheduled_to: bound, scheduled: null, copies: [] },
  } as unknown as Application;
}

/** One waits, one stands on each cluster; `good` is the better one. */
function world() {
  const books = {
    candidates: new CandidateBook(),
    standings: new Standings(),
    groups: new PlacementGroups(0),
  };
  const put = (name: string, cores: number, value: number): readonly string[] => {
    const reading = { ok: true, name: "m", weight: 1, raw: value, value, time: "", provider: "p" };
    const now = { cluster: cluster(name, cores), readings: [reading] as never, time: 0 };
    return [...putCluster(books, `n/${name}`, now).concerned].toSorted();
  };
  put("good", 1, 0.9);
  put("poor", 1, 0.1);
  for (const one of [app("here", "good"), app("there", "poor"), app("waits", null)]) {
    const key = `n/${one.metadata.name}`;
    books.standings.put(key, one, 1n);
    books.groups.put(key, one);
  }
  return { books, put };
}

describe("whom a change of a cluster wakes", () => {
  it("is whoever waits or would be better off there, when room becomes free", () => {
    const { put } = world();
    expect(put("good", 2, 0.9)).toEqual(["n/here", "n/there", "n/waits"]);
    expect(put("poor", 2, 0.1)).toEqual(["n/there", "n/waits"]);
  });

  it("is whoever waits, too, when the room comes together with another value of a metric", () => {
    expect(world().put("good", 2, 0.8)).toContain("n/waits");
  });

  it("is nobody who stands when there is less room, and nobody at all when nothing changed", () => {
    const { put } = world();
    expect(put("good", 0, 0.9)).toEqual(["n/waits"]);
    expect(put("good", 0, 0.9)).toEqual([]);
  });

  it("is whoever stood there when it has gone", () => {
    const { books } = world();
    expect([...removeCluster(books, "n/good", 0).concerned]).toContain("n/here");
    expect(removeCluster(books, "n/good", 0).isNews).toBe(false);
  });
});
