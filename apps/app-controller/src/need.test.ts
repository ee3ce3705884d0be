import { expect, test } from "vitest";
import type { Application } from "@octoplane/kinds/application";
import { limits } from "@octoplane/shared/limits";
import { unmetNeed } from "./need.ts";
import { NeedIndex } from "./need-index.ts";

function world(states: Readonly<Record<string, readonly [state: string, ...needs: string[]]>>) {
  const apps = new Map(
    Object.entries(states).map(([name, [state, ...needs]]) => {
      const depends_on = needs.map((need) => ({ name: need }));
      const app = {
        metadata: { name, namespace: "team", deleted: null },
        spec: { delivery: { depends_on } },
        status: { state },
      };
      return [name, app as unknown as Application];
    }),
  );
  return { apps, application: ({ name }: { readonly name: string }) => apps.get(name) };
}

test.each([
  ["RUNNING", undefined],
  ["COMPLETED", undefined],
  ["CREATING", "waits for application team/b, which is CREATING"],
  ["DEGRADED", "waits for application team/b, which is DEGRADED"],
])("an application that needs one that is %s", (state, expected) => {
  const all = world({ a: ["PENDING", "b"], b: [state] });
  expect(unmetNeed(all, all.apps.get("a")!)?.message).toBe(expected);
});

test("a chain of thousands is followed to its end, and a circle of as many told in few words", () => {
  const count = 10_000;
  const chain = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`a${at}`, ["RUNNING", `a${at + 1}`] as const]),
  );
  const open = world({ ...chain, [`a${count}`]: ["RUNNING"] });
  expect(unmetNeed(open, open.apps.get("a0")!)).toBeUndefined();
  const circle = world({ ...chain, [`a${count}`]: ["RUNNING", "a0"] });
  const { message = "" } = unmetNeed(circle, circle.apps.get("a0")!) ?? {};
  expect(message).toContain("which waits for it (team/a0 > team/a1 > ");
  expect(message.length).toBeLessThanOrEqual(limits.messageCharsMax);
});

test("one that is not there, and a circle of any length, are told", () => {
  const alone = world({ a: ["PENDING", "b"] });
  expect(unmetNeed(alone, alone.apps.get("a")!)?.message).toBe(
    "waits for application team/b, which is not there",
  );
  const circle = world({ a: ["PENDING", "b"], b: ["PENDING", "c"], c: ["PENDING", "a"] });
  expect(unmetNeed(circle, circle.apps.get("a")!)?.message).toBe(
    "waits for application team/b, which waits for it (team/a > team/b > team/c > team/a)",
  );
  const itself = world({ a: ["PENDING", "a"] });
  expect(unmetNeed(itself, itself.apps.get("a")!)?.message).toContain("(team/a > team/a)");
});

test("a circle among others is not one's own", () => {
  const all = world({ a: ["PENDING", "b"], b: ["RUNNING", "c"], c: ["RUNNING", "b"] });
  expect(unmetNeed(all, all.apps.get("a")!)).toBeUndefined();
});

test("who waits is woken by a change of state, and by nothing else", () => {
  const index = new NeedIndex();
  index.set("a", ["b", "c"]);
  index.set("d", ["b"]);
  expect(index.waitingFor("b", "CREATING")).toEqual(["a", "d"]);
  expect(index.waitingFor("b", "CREATING")).toEqual([]);
  index.set("d", []);
  expect(index.waitingFor("b", "RUNNING")).toEqual(["a"]);
  expect(index.waitingFor("b", "")).toEqual(["a"]);
  expect(index.waitingFor("e", "RUNNING")).toEqual([]);
});
