import fc from "fast-check";
import { expect, test } from "vitest";
import type { InventoryItem } from "@octoplane/kinds/application";
import type { Desired, DesiredObject } from "@octoplane/delivery/desired";
import { healthy, progressing, type Health } from "@octoplane/delivery/health/health";
import type { Observed } from "./observed.ts";
import { phaseOf, phases } from "@octoplane/delivery/phase";
import { Gates, isReadyFor } from "./gates.ts";
import { planCopy as planWith, type PlanRules } from "./plan.ts";

interface Case {
  readonly kind: string;
  readonly name: string;
}

const group = (kind: string): string =>
  ({ Deployment: "apps", Job: "batch", CustomResourceDefinition: "apiextensions.k8s.io" })[kind] ??
  "";
const idOf = ({ kind, name }: Case): string => `${group(kind)}|${kind}|default|${name}`;

function wanted(one: Case, more: Partial<DesiredObject> = {}): DesiredObject {
  const { kind, name } = one;
  const served = {
    group: group(kind),
    version: "v1",
    kind,
    plural: kind,
    namespaced: true,
    verbs: [],
  };
  return {
    id: idOf(one),
    phase: phaseOf({ group: group(kind), kind }),
    ref: { served, namespace: "default", name },
    object: { apiVersion: "v1", kind, metadata: { name } },
    digest: `digest of ${name}`,
    removesItself: false,
    isKept: false,
    isImplied: false,
    leavesReplicas: false,
    replicas: undefined,
    replace: undefined,
    ...more,
  };
}

function made(one: Case, more: Partial<InventoryItem> = {}): InventoryItem {
  const { kind, name } = one;
  return {
    group: group(kind),
    version: "v1",
    kind,
    namespace: "default",
    name,
    uid: `uid of ${name}`,
    digest: `digest of ${name}`,
    fields_digest: "fields",
    created: true,
    ...more,
  };
}

function seen(one: Case, more: Partial<Observed> = {}): [string, Observed] {
  const observed: Observed = {
    id: idOf(one),
    uid: `uid of ${one.name}`,
    resourceVersion: "1",
    owner: "app",
    ownerName: "team/app",
    fieldsDigest: "fields",
    applied: `digest of ${one.name}`,
    isTerminating: false,
    health: healthy,
    service: undefined,
    ...more,
  };
  return [observed.id, observed];
}

function desired(...objects: DesiredObject[]): Desired {
  return { objects, unresolved: [] };
}

const rules: PlanRules = { isForeign: ({ owner }) => owner === "other", mayAdopt: () => false };

function planCopy(...input: [Desired, readonly InventoryItem[], ReadonlyMap<string, Observed>]) {
  return planWith(...input, rules);
}

const one: Case = { kind: "ConfigMap", name: "one" };
const causes = (plan: ReturnType<typeof planCopy>) =>
  plan.steps.flatMap(({ apply }) => apply.map(({ cause }) => cause));

test.each([
  ["never made", [], [], ["new"]],
  ["only meant to be made", [made(one, { uid: "", digest: "" })], [seen(one)], ["new"]],
  ["as it should be", [made(one)], [seen(one)], []],
  ["written anew", [made(one, { digest: "old" })], [seen(one)], ["changed"]],
  ["written anew and gone", [made(one, { digest: "old" })], [], ["changed"]],
  ["gone", [made(one)], [], ["missing"]],
  ["another of its name", [made(one)], [seen(one, { uid: "another" })], ["missing"]],
  ["a field taken away", [made(one)], [seen(one, { fieldsDigest: "less" })], ["drifted"]],
  [
    "an older manifest applied by a late process",
    [made(one)],
    [seen(one, { applied: "old" })],
    ["drifted"],
  ],
  ["on its way out", [made(one)], [seen(one, { isTerminating: true })], []],
  [
    "on its way out and written anew",
    [made(one, { digest: "old" })],
    [seen(one, { isTerminating: true })],
    [],
  ],
] as const)("an object that is %s", (_name, inventory, observed, expected) => {
  expect(causes(planCopy(desired(wanted(one)), inventory, new Map(observed)))).toEqual(expected);
});

test("a Job that removed itself is finished; one that was never made, or is another now, is not", () => {
  const job = { kind: "Job", name: "once" };
  const plan = (item: InventoryItem) =>
    planCopy(desired(wanted(job, { removesItself: true })), [item], new Map());
  expect(causes(plan(made(job)))).toEqual([]);
  expect(plan(made(job)).finished).toHaveLength(1);
  expect(causes(plan(made(job, { uid: "" })))).toEqual(["new"]);
  expect(causes(plan(made(job, { digest: "old" })))).toEqual(["changed"]);
});

test("what is in the books and no longer wanted is pruned, whatever stands there", () => {
  const plan = planCopy(desired(), [made(one)], new Map([seen(one)]));
  expect(plan.prune).toEqual([made(one)]);
  expect(plan.steps).toEqual([]);
});

test("what cannot be resolved for now is not pruned", () => {
  const unresolved = {
    id: idOf(one),
    phase: "configuration",
    title: "",
    message: "",
    canPass: true,
  } as const;
  expect(planCopy({ objects: [], unresolved: [unresolved] }, [made(one)], new Map()).prune).toEqual(
    [],
  );
});

const manyCases = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom(
      "ConfigMap",
      "Deployment",
      "Namespace",
      "Job",
      "Service",
      "CustomResourceDefinition",
    ),
    name: fc.stringMatching(/^[a-z]{1,3}$/),
  }),
  { selector: idOf },
);

test("a copy that is as it should be gives an empty plan", () => {
  fc.assert(
    fc.property(manyCases, (all) => {
      const plan = planCopy(
        desired(...all.map((item) => wanted(item))),
        all.map((item) => made(item)),
        new Map(all.map((item) => seen(item))),
      );
      expect(causes(plan)).toEqual([]);
      expect(plan.prune).toEqual([]);
      expect(plan.finished).toEqual([]);
    }),
  );
});

test("every object that is new is applied exactly once, phase after phase", () => {
  fc.assert(
    fc.property(manyCases, (all) => {
      const { steps } = planCopy(desired(...all.map((item) => wanted(item))), [], new Map());
      const ids = steps.flatMap(({ apply }) => apply.map((item) => item.desired.id));
      expect(ids.toSorted()).toEqual(all.map(idOf).toSorted());
      const order = steps.map(({ phase }) => phases.indexOf(phase));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }),
  );
});

test("what belongs to another application is left to it, unless it may be taken over", () => {
  const there = new Map([seen(one, { owner: "other" })]);
  const left = planCopy(desired(wanted(one)), [made(one)], there);
  expect(causes(left)).toEqual([]);
  expect(left.foreign.map(({ observed }) => observed.ownerName)).toEqual(["team/app"]);
  const adopting = { ...rules, mayAdopt: () => true };
  expect(causes(planWith(desired(wanted(one)), [], there, adopting))).toEqual(["new"]);
  // What was ours and was taken is not taken back.
  expect(causes(planWith(desired(wanted(one)), [made(one)], there, adopting))).toEqual([]);
});

test("a namespace of another application is looked at, and once it is joined, left alone", () => {
  const house = { kind: "Namespace", name: "house" };
  const there = new Map([seen(house, { owner: "other" })]);
  expect(causes(planCopy(desired(wanted(house)), [], there))).toEqual(["new"]);
  const joined = made(house, { joined: true });
  expect(causes(planCopy(desired(wanted(house)), [joined], there))).toEqual([]);
  const changed = made(house, { joined: true, digest: "old" });
  expect(causes(planCopy(desired(wanted(house)), [changed], there))).toEqual(["new"]);
});

test.each([
  ["a namespace that is active", "Namespace", healthy, {}, true],
  ["a namespace that is not", "Namespace", progressing("", ""), {}, false],
  ["a definition that is established", "CustomResourceDefinition", healthy, {}, true],
  ["a definition that is not", "CustomResourceDefinition", progressing("", ""), {}, false],
  [
    "a definition on its way out",
    "CustomResourceDefinition",
    healthy,
    { isTerminating: true },
    false,
  ],
] as const)("what needs %s waits or not", (_name, kind, health: Health, more, expected) => {
  const item = { kind, name: "x" };
  const spec = { group: "example.org", names: { kind: "Widget" } };
  const object = { apiVersion: "v1", kind, metadata: { name: "x" }, spec };
  const [, observed] = seen(item, { health, ...more });
  const gates = new Gates(desired(wanted(item, { object })), () => isReadyFor(observed));
  const widget = { group: "example.org", kind: "Widget", namespace: "x" };
  expect(gates.isShutFor(widget)).toBe(!expected);
  expect(gates.isShutFor({ group: "", kind: "ConfigMap", namespace: "y" })).toBe(false);
});

test.each([
  ["/Namespace", "apiextensions.k8s.io/CustomResourceDefinition"],
  ["apiextensions.k8s.io/CustomResourceDefinition", "/ServiceAccount"],
  ["rbac.authorization.k8s.io/ClusterRole", "apps/Deployment"],
  ["/ConfigMap", "apps/Deployment"],
  ["/Secret", "/Pod"],
  ["/PersistentVolumeClaim", "apps/StatefulSet"],
  ["/Service", "apps/StatefulSet"],
  ["apps/Deployment", "batch/Job"],
  ["batch/Job", "example.org/Widget"],
  ["example.org/Widget", "admissionregistration.k8s.io/ValidatingWebhookConfiguration"],
])("%s comes before %s", (first, second) => {
  const at = (text: string): number => {
    const slash = text.indexOf("/");
    return phases.indexOf(phaseOf({ group: text.slice(0, slash), kind: text.slice(slash + 1) }));
  };
  expect(at(first)).toBeLessThan(at(second));
});
