import { expect, test } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import { leaversOf } from "./drain-progress.ts";

const berlin = { namespace: "team", name: "berlin" };
const ref = (name: string | null) =>
  name === null ? null : { api: "kubernetes", kind: "Cluster", namespace: "team", name };

interface Facts {
  readonly to?: string | null;
  readonly on?: string | null;
  readonly copies?: readonly string[];
  readonly migration?: boolean;
  readonly conditions?: readonly object[];
  readonly placement?: object;
}

function app(name: string, facts: Facts = {}): Application {
  const { to = "berlin", on = to, copies = [], migration = true, conditions = [] } = facts;
  return {
    metadata: { namespace: "team", name, uid: name, generation: 1, deleted: null },
    spec: { constraints: { migration }, placement: facts.placement },
    status: {
      scheduled_to: ref(to),
      running_on: ref(on),
      copies: copies.map((cluster) => ({ cluster: ref(cluster), objects: [] })),
      conditions,
    },
  } as unknown as Application;
}

test("who is on a cluster leaves it, or stays for a reason, and who is elsewhere is not listed", () => {
  const done = { type: "Healthy", status: "True", reason: "Completed", observed_generation: 1 };
  const nowhere = (observed_generation: number) => {
    const message = "nothing fits";
    return { type: "Scheduled", status: "False", reason: "X", message, observed_generation };
  };
  const apps = [
    app("elsewhere", { to: "oslo", copies: ["oslo"] }),
    app("pinned", { migration: false }),
    app("done", { conditions: [done] }),
    app("alone", { conditions: [nowhere(1)] }),
    app("changed", { conditions: [nowhere(0)] }),
    app("db"),
    app("given-up", { placement: { local_data: "abandon" } }),
    app("moving", { to: "oslo", on: "berlin", copies: ["oslo", "berlin"] }),
    app("moved", { to: "oslo", copies: ["oslo", "berlin"] }),
    app("fresh"),
  ];
  const data = (one: Application) =>
    ["db", "given-up"].includes(one.metadata.name) ? "Pod db has a local volume" : undefined;
  expect(leaversOf(apps, berlin, data).map(({ name, state, why }) => [name, state, why])).toEqual([
    ["changed", "leaving", "it has not yet been decided where it goes"],
    ["fresh", "leaving", "it has not yet been decided where it goes"],
    ["given-up", "leaving", "it has not yet been decided where it goes"],
    ["moved", "leaving", "what is left of it is being taken away"],
    ["moving", "leaving", "it moves to oslo"],
    ["alone", "stays", "nothing fits"],
    ["db", "stays", "its data is on the nodes: Pod db has a local volume"],
    ["done", "stays", "its work is done"],
    ["pinned", "stays", "migration is switched off for it"],
  ]);
});
