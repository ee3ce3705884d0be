import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isFailure } from "@octoplane/shared/errors";
import { applicationActions } from "./application-actions.ts";
import { ApplicationKind, type Application } from "./application.ts";
import { anyKind } from "./kind.ts";
import { readAs, readInput } from "./read-input.ts";
import { wantedManifest } from "./wanted-manifest.ts";

type Spec = Application["spec"];

const now = "2026-01-01T00:00:00Z";
const template = {
  spec: {
    initContainers: [{ name: "init", image: "init:1" }],
    containers: [
      { name: "app", image: "app:1" },
      { name: "proxy", image: "proxy:1" },
    ],
  },
};
const object = (
  apiVersion: string,
  kind: string,
  name: string,
  spec: object,
  namespace?: string,
) => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec,
});
const manifest = [
  object("apps/v1", "Deployment", "web", { replicas: 2, template }),
  object("apps/v1", "StatefulSet", "db", { template }),
  object("apps/v1", "StatefulSet", "web", { template }, "other"),
  object("batch/v1", "Job", "load", { template }),
  object("batch/v1", "CronJob", "night", { jobTemplate: { spec: { template } } }),
  object("v1", "Service", "web", {}),
];
const written = readInput(anyKind(ApplicationKind), {
  metadata: { name: "shop" },
  spec: { manifest },
}) as unknown as { readonly spec: Spec };

function act(name: string, body: unknown, spec: Spec = written.spec): Spec {
  const action = applicationActions.find((one) => one.name === name)!;
  return action.change(spec, readAs<never>(action.body, body), now);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isFailure(error, "Invalid")) return error.message;
    throw error;
  }
  return "it was taken";
}

describe("an action", () => {
  it("is recorded by workload, beside what was recorded before", () => {
    const scaled = act("scale", { workloads: [{ name: "db", replicas: 3 }] });
    expect(scaled.adjustments).toEqual([{ kind: "StatefulSet", name: "db", replicas: 3 }]);
    const both = act(
      "set-image",
      { workloads: [{ name: "db", images: { app: "app:2" } }] },
      scaled,
    );
    expect(both.adjustments).toEqual([
      { kind: "StatefulSet", name: "db", replicas: 3, images: { app: "app:2" } },
    ]);
    expect(act("restart", { workloads: [{ name: "db" }] }, both).adjustments).toMatchObject([
      { replicas: 3, restarted_at: now },
    ]);
  });

  it("is undone by a null, until nothing is left of it", () => {
    const scaled = act("scale", { workloads: [{ name: "db", replicas: 3 }] });
    expect(act("scale", { workloads: [{ name: "db", replicas: null }] }, scaled)).toEqual(
      written.spec,
    );
    const image = { workloads: [{ name: "db", images: { "*": "one:1" } }] };
    const set = act("set-image", image);
    expect(Object.keys(set.adjustments![0]!.images!)).toEqual(["app", "proxy", "init"]);
    const reset = { workloads: [{ name: "db", images: { "*": null } }] };
    expect(act("set-image", reset, set)).toEqual(written.spec);
  });

  it("without names is for all that it can be for", () => {
    const restarted = act("restart", {}).adjustments!;
    expect(restarted.map(({ kind, name, namespace }) => [kind, name, namespace])).toEqual([
      ["Deployment", "web", undefined],
      ["StatefulSet", "db", undefined],
      ["StatefulSet", "web", "other"],
    ]);
    expect(act("suspend", {}).adjustments!.map(({ kind }) => kind)).toEqual(["Job", "CronJob"]);
    const again = act("rerun", {}, act("rerun", {}));
    expect(again.adjustments).toEqual([{ kind: "Job", name: "load", rerun: 2 }]);
  });

  it("stops, starts and moves the whole", () => {
    expect(act("stop", {}).stopped).toBe("scaled");
    expect(act("stop", { remove: true }).stopped).toBe("removed");
    expect(act("start", {}, act("stop", {}))).toEqual(written.spec);
    const moved = act("migrate", { to: "berlin", accept_data_loss: true });
    expect(moved.placement).toEqual({ cluster: "berlin", local_data: "abandon" });
    expect(act("migrate", { to: null }, moved).placement).toMatchObject({ cluster: null });
  });

  test("a move that would come to nothing is refused with what keeps the application", () => {
    const { refuse } = applicationActions.find(({ name }) => name === "migrate")!;
    const claim = object("v1", "PersistentVolumeClaim", "files", {
      accessModes: ["ReadWriteOnce"],
    });
    const why = (body: object, spec: object, cluster: string | null = "berlin") =>
      refuse!(
        {
          spec: { ...written.spec, ...spec },
          status: { scheduled_to: cluster === null ? null : { name: cluster } },
        } as unknown as Application,
        { to: "oslo", accept_data_loss: false, ...body } as never,
      );
    const kept = { manifest: [...manifest, claim] };
    expect(why({}, kept)).toMatch(
      /^it stays on berlin with its data \(PersistentVolumeClaim files .*\), unless .*--accept-data-loss/,
    );
    const fixed = { constraints: { ...written.spec.constraints, migration: false } };
    expect(why({ accept_data_loss: true }, fixed)).toContain("migration is switched off");
    const free: readonly [object, object, (string | null)?][] = [
      [{}, {}],
      [{ accept_data_loss: true }, kept],
      [{}, { ...kept, placement: { local_data: "abandon" } }],
      [{}, kept, "oslo"],
      [{}, kept, null],
      [{ to: null }, { ...kept, ...fixed }],
    ];
    for (const one of free) expect(why(...one)).toBeUndefined();
  });

  test.each([
    [
      "a name that two workloads have",
      "restart",
      [{ name: "web" }],
      "Deployment/web, StatefulSet/web in other",
    ],
    ["a name that is mistyped", "restart", [{ name: "wep" }], "did you mean web?"],
    ["what has no replicas", "scale", [{ name: "night", replicas: 1 }], "workload with replicas"],
    ["what is not there", "rerun", [{ kind: "Job", name: "nothing" }], "there are Job/load"],
    [
      "a container that is not there",
      "set-image",
      [{ name: "db", images: { x: "y" } }],
      "(app, proxy, init), found x",
    ],
  ])("refuses %s", (_what, name, workloads, message) => {
    expect(refusal(() => act(name, { workloads }))).toContain(message);
  });

  it("takes kinds as kubectl takes them, and a namespace", () => {
    for (const kind of ["deploy", "Deployment", "deployments"]) {
      const { adjustments } = act("restart", { workloads: [{ kind, name: "web" }] });
      expect(adjustments).toMatchObject([{ kind: "Deployment", name: "web" }]);
    }
    const { adjustments } = act("restart", { workloads: [{ name: "web", namespace: "other" }] });
    expect(adjustments).toMatchObject([{ kind: "StatefulSet", name: "web", namespace: "other" }]);
  });

  it("says which workloads there are, and that there are none", () => {
    const empty = { ...written.spec, manifest: [manifest[5]!] };
    expect(refusal(() => act("restart", {}, empty))).toContain("found none");
    expect(refusal(() => act("rerun", { workloads: [{ name: "x" }] }, empty))).toContain(
      "has none",
    );
  });

  it("has a right of its own", () => {
    const names = applicationActions.map(({ name }) => name);
    expect(ApplicationKind.subresources).toEqual(expect.arrayContaining(names));
  });

  it("leaves a specification that is as valid as before, with one entry a workload", () => {
    const names = fc.constantFrom("web", "db", "load", "night", "nothing");
    const asked = fc.oneof(
      fc.record({ action: fc.constant("scale"), name: names, replicas: fc.option(fc.nat(5)) }),
      fc.record({ action: fc.constantFrom("restart", "suspend", "resume", "rerun"), name: names }),
      fc.record({
        action: fc.constant("set-image"),
        name: names,
        images: fc.dictionary(fc.constantFrom("app", "*"), fc.option(fc.constant("app:9")), {
          minKeys: 1,
        }),
      }),
    );
    fc.assert(
      fc.property(fc.array(asked), (all) => {
        let { spec } = written;
        for (const { action, ...workload } of all) {
          try {
            spec = act(action, { workloads: [workload] }, spec);
          } catch (error) {
            if (!isFailure(error, "Invalid")) throw error;
          }
        }
        const metadata = { name: "shop" };
        expect(readInput(anyKind(ApplicationKind), { metadata, spec })).toMatchObject({ spec });
        const keys = (spec.adjustments ?? []).map((one) =>
          [one.kind, one.name, one.namespace].join(),
        );
        expect(new Set(keys).size).toBe(keys.length);
        expect(wantedManifest(spec)).toHaveLength(manifest.length);
      }),
    );
  });
});
