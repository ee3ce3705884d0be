import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { expect, it } from "vitest";
import { ClusterUsers } from "./cluster-users.ts";
import { Heirs } from "./heirs.ts";

const ref = (name: string, kind = "Cluster") => ({
  api: "kubernetes",
  kind,
  namespace: "n",
  name,
});

function app(status: object): Application {
  const plain = { scheduled_to: null, running_on: null, copies: [] };
  return {
    metadata: { namespace: "n" },
    status: { ...plain, ...status },
  } as unknown as Application;
}

it("an application needs the clusters that it belongs to, stands on, or waits for", () => {
  const users = new ClusterUsers();
  const moving = app({
    scheduled_to: ref("a"),
    running_on: ref("b"),
    copies: [{ cluster: ref("c") }],
    places: [{ cluster: ref("a") }, { cluster: ref("d") }],
    new_cluster: { name: "e", ended: null },
  });
  expect(users.put("n/web", moving).toSorted()).toEqual(["n/a", "n/b", "n/c", "n/d", "n/e"]);
  expect([...users.of("n/e")]).toEqual(["n/web"]);
  const settled = app({ scheduled_to: ref("a"), new_cluster: { name: "e", ended: "then" } });
  expect(users.put("n/web", settled).toSorted()).toEqual(["n/b", "n/c", "n/d", "n/e"]);
  expect([users.has("n/a"), users.has("n/e")]).toEqual([true, false]);
  users.put("n/other", settled);
  expect(users.put("n/web", undefined)).toEqual(["n/a"]);
  expect(users.has("n/a")).toBe(true);
  users.put("n/other", undefined);
  expect(users.has("n/a")).toBe(false);
});

it("heirs are found by their cloud, and a global cloud of the same name has its own", () => {
  const heirs = new Heirs();
  const on = (cloud: object | null): Cluster =>
    ({ status: { running_on: null, scheduled_to: cloud } }) as unknown as Cluster;
  const own = { api: "infrastructure", kind: "Cloud", namespace: "n", name: "c" };
  const global = { api: "infrastructure", kind: "GlobalCloud", namespace: null, name: "c" };
  heirs.put("n/a", on(own));
  heirs.put("n/b", on(global));
  heirs.put("n/d", on(null));
  expect([[...heirs.of("Cloud n/c")], [...heirs.of("GlobalCloud c")]]).toEqual([["n/a"], ["n/b"]]);
  heirs.put("n/a", on(global));
  heirs.put("n/b", undefined);
  expect([[...heirs.of("Cloud n/c")], [...heirs.of("GlobalCloud c")]]).toEqual([[], ["n/a"]]);
});
