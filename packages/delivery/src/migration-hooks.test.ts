import { expect, test } from "vitest";
import { podSpecOf } from "@octoplane/kinds/pod-spec";
import { splitHooks } from "./helm-hooks.ts";
import { migrationHooks } from "./migration-hooks.ts";

const told = [
  { name: "OCTOPLANE_FROM_CLUSTER", value: "berlin" },
  { name: "OCTOPLANE_TO_CLUSTER", value: "oslo" },
];

function job(name: string, hook: string | undefined, spec: object = {}) {
  const annotations = hook === undefined ? {} : { "octoplane.io/hook": hook };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name, annotations }, spec };
}

const pod = (containers: readonly object[], initContainers: readonly object[] = []) => ({
  template: { spec: { containers, initContainers } },
});
const ends = { from: "berlin", to: "oslo" };

test("Jobs of a migration neither stand nor are hooks of Helm", () => {
  const plain = job("plain", undefined);
  const both = { "octoplane.io/hook": "pre-migrate", "helm.sh/hook": "pre-install" };
  const helm = { ...job("helm", undefined), metadata: { name: "helm", annotations: both } };
  const manifest = [plain, job("save", "pre-migrate"), job("load", "post-migrate"), helm];
  expect(splitHooks(manifest)).toEqual({ standing: [plain], hooks: [] });
});

test("each side has its own, and their moment is one of the event `migrate`", () => {
  const manifest = [job("save", "pre-migrate"), job("load", "post-migrate")];
  for (const [side, name] of [
    ["pre", "save"],
    ["post", "load"],
  ] as const) {
    const [hook, ...more] = migrationHooks(manifest, side, ends);
    expect(more).toEqual([]);
    expect(hook).toMatchObject({ item: { metadata: { name } }, moments: [`${side}-migrate`] });
  }
});

test("every container is told from where to where, before its own variables and instead of others of that name", () => {
  const own = [
    { name: "OCTOPLANE_TO_CLUSTER", value: "nowhere" },
    { name: "OWN", value: "x" },
  ];
  const spec = pod([{ name: "a", env: own }, { name: "b" }], [{ name: "c" }]);
  const [hook] = migrationHooks([job("save", "pre-migrate", spec)], "pre", ends);
  const { containers, initContainers } = podSpecOf(hook!.item);
  expect(containers).toEqual([
    { name: "a", env: [...told, own[1]] },
    { name: "b", env: told },
  ]);
  expect(initContainers).toEqual([{ name: "c", env: told }]);
});

test("it is neither suspended nor gone before somebody has seen its end", () => {
  const spec = { ...pod([]), suspend: true, ttlSecondsAfterFinished: 0, backoffLimit: 1 };
  const [hook] = migrationHooks([job("save", "pre-migrate", spec)], "pre", ends);
  expect(hook!.item["spec"]).toEqual({ ...pod([]), backoffLimit: 1 });
});
