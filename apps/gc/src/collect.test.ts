import fc from "fast-check";
import { expect, test } from "vitest";
import { nextStep, type NodeFacts } from "./collect.ts";
import { OwnerGraph } from "./graph.ts";

const outlivesNothing = (): boolean => false;

/** A world of nodes with owners; collects until nothing moves. */
function collect(
  owners: Readonly<Record<string, readonly string[]>>,
  start: string,
): readonly string[] {
  const graph = new OwnerGraph();
  const facts = new Map<string, NodeFacts>();
  for (const [node, names] of Object.entries(owners)) {
    graph.put(node, names);
    facts.set(node, { isDeleted: false, isWaitingForGc: false, outlives: outlivesNothing });
  }
  const gone: string[] = [];
  const mark = (node: string): void => {
    facts.set(node, { isDeleted: true, isWaitingForGc: true, outlives: outlivesNothing });
  };
  mark(start);
  for (let moved = true; moved;) {
    moved = false;
    for (const [node, { isDeleted }] of facts) {
      if (!isDeleted) continue;
      const step = nextStep(node, graph, (name) => facts.get(name));
      if (step.do === "wait") continue;
      moved = true;
      if (step.do === "delete dependents") step.dependents.forEach(mark);
      else {
        facts.delete(node);
        graph.remove(node);
        gone.push(node);
      }
    }
  }
  return gone;
}

test("a diamond goes from the bottom up, each node once", () => {
  const gone = collect(
    { cloud: [], left: ["cloud"], right: ["cloud"], app: ["left", "right"] },
    "cloud",
  );
  expect(gone[0]).toBe("app");
  expect(gone.at(-1)).toBe("cloud");
  expect(gone.toSorted()).toEqual(["app", "cloud", "left", "right"]);
});

test("a cycle goes as a whole", () => {
  expect(collect({ a: ["c"], b: ["a"], c: ["b"] }, "a").toSorted()).toEqual(["a", "b", "c"]);
});

test("a node that owns itself goes", () => {
  expect(collect({ a: ["a"] }, "a")).toEqual(["a"]);
});

test("what merely owns the deleted node stays", () => {
  expect(collect({ owner: [], child: ["owner"], other: [] }, "child")).toEqual(["child"]);
});

test("nothing is released while a dependent has another finalizer to wait for", () => {
  const graph = new OwnerGraph();
  graph.put("cluster", []);
  graph.put("app", ["cluster"]);
  const facts: Record<string, NodeFacts> = {
    cluster: { isDeleted: true, isWaitingForGc: true, outlives: outlivesNothing },
    app: { isDeleted: true, isWaitingForGc: false, outlives: outlivesNothing },
  };
  expect(nextStep("cluster", graph, (node) => facts[node])).toEqual({ do: "wait" });
});

test("what outlives its owner is waited for until it has let go, and is not deleted", () => {
  const graph = new OwnerGraph();
  graph.put("cluster", []);
  graph.put("app", ["cluster"]);
  const facts: Record<string, NodeFacts> = {
    cluster: { isDeleted: true, isWaitingForGc: true, outlives: outlivesNothing },
    app: { isDeleted: false, isWaitingForGc: false, outlives: (owner) => owner === "cluster" },
  };
  expect(nextStep("cluster", graph, (node) => facts[node])).toEqual({ do: "wait" });
  graph.put("app", []);
  expect(nextStep("cluster", graph, (node) => facts[node])).toEqual({ do: "release" });
});

test("whatever the shape: all that depends on the deleted node goes, and nothing else", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const owners = fc.record(Object.fromEntries(names.map((name) => [name, fc.subarray(names)])));
  fc.assert(
    fc.property(owners, (world) => {
      const reachable = new Set(["a"]);
      for (let grew = true; grew;) {
        grew = false;
        for (const name of names) {
          if (!reachable.has(name) && world[name]!.some((owner) => reachable.has(owner))) {
            reachable.add(name);
            grew = true;
          }
        }
      }
      expect([...collect(world, "a")].toSorted()).toEqual([...reachable].toSorted());
    }),
  );
});

test("without cycles no owner goes before its dependents", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const owners = fc.record(
    Object.fromEntries(names.map((name, index) => [name, fc.subarray(names.slice(0, index))])),
  );
  fc.assert(
    fc.property(owners, (world) => {
      const gone = collect(world, "a");
      for (const [index, node] of gone.entries()) {
        for (const owner of world[node]!) {
          const at = gone.indexOf(owner);
          expect(at === -1 || at > index).toBe(true);
        }
      }
    }),
  );
});
