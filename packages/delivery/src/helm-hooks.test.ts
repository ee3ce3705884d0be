import fc from "fast-check";
import { expect, test } from "vitest";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import { hookSteps, splitHooks, type Hook } from "./helm-hooks.ts";

function item(kind: string, name: string, annotations: object = {}): ManifestObject {
  const apiVersion = kind === "Job" ? "batch/v1" : "v1";
  return { apiVersion, kind, metadata: { name, annotations } };
}

function hook(kind: string, name: string, moments: string, weight?: string): ManifestObject {
  const more = weight === undefined ? {} : { "helm.sh/hook-weight": weight };
  return item(kind, name, { "helm.sh/hook": moments, ...more });
}

const names = (steps: readonly (readonly Hook[])[]): unknown[] =>
  steps.map((step) => step.map((one) => (one.item["metadata"] as { name: string }).name));

test("what is no hook stands; definitions that Helm 2 wanted first are no hooks here", () => {
  const plain = item("ConfigMap", "plain");
  const old = hook("CustomResourceDefinition", "old", "crd-install");
  const { standing, hooks } = splitHooks([plain, old, hook("Job", "a", "pre-install")]);
  expect(standing).toEqual([plain, old]);
  expect(hooks).toHaveLength(1);
});

test("hooks go by weight, then by what they are; a number in quotes is a weight, nonsense is none", () => {
  const { hooks } = splitHooks([
    hook("Job", "late", "pre-install", "5"),
    hook("Job", "early", "pre-install,pre-upgrade", "-5"),
    hook("ServiceAccount", "account", "pre-install", "-5"),
    hook("Job", "middle", "pre-install", "soon"),
    hook("Job", "beside", "pre-install"),
  ]);
  expect(names(hookSteps(hooks, { side: "pre", event: "install" }))).toEqual([
    ["account"],
    ["early"],
    ["middle", "beside"],
    ["late"],
  ]);
  expect(names(hookSteps(hooks, { side: "pre", event: "upgrade" }))).toEqual([["early"]]);
  expect(hookSteps(hooks, { side: "post", event: "install" })).toEqual([]);
});

test("a hook that says nothing about its end goes before it is made again", () => {
  const said = item("Job", "b", {
    "helm.sh/hook": "post-install",
    "helm.sh/hook-delete-policy": "hook-succeeded, hook-failed",
  });
  const { hooks } = splitHooks([hook("Job", "a", "post-install"), said]);
  expect(hooks.map(({ policies }) => policies)).toEqual([
    ["before-hook-creation"],
    ["hook-succeeded", "hook-failed"],
  ]);
});

test("tests of charts belong to no event", () => {
  const { standing, hooks } = splitHooks([
    hook("Pod", "t", "test"),
    hook("Pod", "u", "test-success"),
  ]);
  expect(standing).toEqual([]);
  for (const side of ["pre", "post"] as const) {
    for (const event of ["install", "upgrade", "delete"] as const) {
      expect(hookSteps(hooks, { side, event })).toEqual([]);
    }
  }
});

test("every hook of an event is in exactly one step, whatever the annotations hold", () => {
  const moment = fc.constantFrom("pre-install", "post-install", "pre-upgrade", "test", "", " ,");
  const any = fc.record({ moment, weight: fc.anything() });
  fc.assert(
    fc.property(fc.array(any), (all) => {
      const manifest = all.map((one, index) =>
        item("Job", `${index}`, { "helm.sh/hook": one.moment, "helm.sh/hook-weight": one.weight }),
      );
      const { hooks } = splitHooks(manifest);
      const steps = hookSteps(hooks, { side: "pre", event: "install" }).flat();
      const meant = all.filter(({ moment: text }) => text === "pre-install");
      expect(steps).toHaveLength(meant.length);
      expect(new Set(steps).size).toBe(steps.length);
    }),
  );
});
