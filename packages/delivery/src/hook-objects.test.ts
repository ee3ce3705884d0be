import { describe, expect, it } from "vitest";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import { podSpecOf } from "@octoplane/kinds/pod-spec";
import { isOfHook, withHooks, type HookGrant } from "./hook-objects.ts";

const grant = (hook: HookGrant["hook"]): HookGrant => ({
  hook,
  token: `${hook}-t0ken`,
  url: `http://api/${hook}`,
  envToken: `KRAKE_${hook.toUpperCase()}_TOKEN`,
  envUrl: `KRAKE_${hook.toUpperCase()}_URL`,
});
const both = [grant("complete"), grant("shutdown")];
const place = { application: "app", namespaceOf: (named = "standard") => named };
const containers = [{ name: "c", image: "i" }];
const initContainers = [{ name: "begin", image: "i" }];
const podSpec = { containers, initContainers };

function workload(kind: string, metadata: object = { name: "w" }): ManifestObject {
  const template = { spec: podSpec };
  const spec =
    kind === "Pod"
      ? podSpec
      : kind === "CronJob"
        ? { jobTemplate: { spec: { template } } }
        : { template };
  return { apiVersion: "v1", kind, metadata, spec };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

function variables(item: ManifestObject, list = "containers"): readonly Variable[] {
  const [first] = podSpecOf(item)[list] as readonly { readonly env?: readonly Variable[] }[];
  return first?.env ?? [];
}

const secretsIn = (manifest: readonly ManifestObject[]) =>
  manifest.filter(({ kind }) => kind === "Secret");

describe("every kind that starts Pods", () => {
  it.each([
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
  ])("%s has the variables in all of its containers, each by its Secret", (kind) => {
    const item = withHooks([workload(kind)], both, place).find((one) => one["kind"] === kind)!;
    for (const list of ["containers", "initContainers"]) {
      expect(
        variables(item, list).map(({ name, valueFrom }) => [
          name,
          valueFrom?.secretKeyRef.name,
          valueFrom?.secretKeyRef.key,
        ]),
      ).toEqual([
        ["KRAKE_COMPLETE_TOKEN", "app-krake-complete-secret-token", "krake_complete_token"],
        ["KRAKE_COMPLETE_URL", "app-krake-complete-secret-token", "krake_complete_url"],
        ["KRAKE_SHUTDOWN_TOKEN", "app-krake-shutdown-secret-token", "krake_shutdown_token"],
        ["KRAKE_SHUTDOWN_URL", "app-krake-shutdown-secret-token", "krake_shutdown_url"],
      ]);
    }
  });
});

it("the Secrets hold token and URL, one for each hook in each namespace with Pods", () => {
  const manifest = [
    workload("Deployment"),
    workload("Job", { name: "j", namespace: "standard" }),
    workload("Pod", { name: "p", namespace: "other" }),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "third" } },
  ];
  const secrets = secretsIn(withHooks(manifest, both, place));
  expect(secrets.map(({ metadata }) => metadata)).toEqual([
    { name: "app-krake-complete-secret-token", namespace: "standard" },
    { name: "app-krake-shutdown-secret-token", namespace: "standard" },
    { name: "app-krake-complete-secret-token", namespace: "other" },
    { name: "app-krake-shutdown-secret-token", namespace: "other" },
  ]);
  const data = secrets[0]!["data"] as Readonly<Record<string, string>>;
  const texts = Object.entries(data).map(
    ([key, text]) => `${key}=${Buffer.from(text, "base64").toString()}`,
  );
  expect(texts).toEqual([
    "krake_complete_token=complete-t0ken",
    "krake_complete_url=http://api/complete",
  ]);
});

it("no workload holds a token itself", () => {
  const [, , item] = withHooks([workload("Deployment")], both, place);
  expect(JSON.stringify(item)).not.toContain("t0ken");
});

it("a variable that is set already stays, and ours come before those that may refer to them", () => {
  const own = { name: "KRAKE_COMPLETE_URL", value: "http://elsewhere" };
  const next = { name: "NEXT", value: "$(KRAKE_COMPLETE_TOKEN)" };
  const pod = { containers: [{ name: "c", env: [own, next] }] };
  const manifest = [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: pod }];
  const [, item] = withHooks(manifest, [grant("complete")], place);
  expect(variables(item!).map(({ name, value }) => [name, value])).toEqual([
    ["KRAKE_COMPLETE_TOKEN", undefined],
    ["KRAKE_COMPLETE_URL", "http://elsewhere"],
    ["NEXT", "$(KRAKE_COMPLETE_TOKEN)"],
  ]);
});

it("hooks of Helm, which run before any Secret is there, are left as they are", () => {
  const annotations = { "helm.sh/hook": "pre-install" };
  const hook = workload("Job", { name: "h", annotations });
  expect(withHooks([hook], both, place)).toContain(hook);
});

it("an application without Pods of its own has its Secrets where its objects go", () => {
  const manifest = [{ apiVersion: "x/v1", kind: "Network", metadata: { name: "n" } }];
  expect(secretsIn(withHooks(manifest, both, place)).map(({ metadata }) => metadata)).toEqual([
    { name: "app-krake-complete-secret-token", namespace: "standard" },
    { name: "app-krake-shutdown-secret-token", namespace: "standard" },
  ]);
});

const files = {
  folder: "/etc/krake_complete_certs/",
  bundle: "B",
  certificate: "C",
  key: "K3Y",
};
const shown = { ...grant("complete"), files };

describe("a hook with a certificate", () => {
  it.each([
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
  ])("mounts it in every container of a %s, which holds nothing of it itself", (kind) => {
    const manifest = withHooks([workload(kind)], [shown, grant("shutdown")], place);
    const item = manifest.find((one) => one["kind"] === kind)!;
    const spec = podSpecOf(item);
    expect(spec["volumes"]).toEqual([
      { name: "krake-complete-certs", secret: { secretName: "app-krake-complete-secret-certs" } },
    ]);
    const mount = { name: "krake-complete-certs", mountPath: files.folder, readOnly: true };
    for (const list of ["containers", "initContainers"]) {
      expect(spec[list]).toMatchObject([{ volumeMounts: [mount] }]);
    }
    expect(JSON.stringify(item)).not.toContain("K3Y");
  });

  it("has a Secret of three files, beside that of its token", () => {
    const secrets = secretsIn(withHooks([workload("Pod")], [shown], place));
    expect(secrets.map(({ metadata }) => (metadata as { name: string }).name)).toEqual([
      "app-krake-complete-secret-token",
      "app-krake-complete-secret-certs",
    ]);
    expect(secrets[1]!["data"]).toEqual({
      "ca-bundle.pem": btoa("B"),
      "cert.pem": btoa("C"),
      "key.pem": btoa("K3Y"),
    });
  });

  it("leaves volumes of the same name and mounts at the same path as they are", () => {
    const own = { name: "mine", mountPath: "/etc/krake_complete_certs" };
    const volume = { name: "krake-complete-certs", emptyDir: {} };
    const pod = { volumes: [volume], containers: [{ name: "c", volumeMounts: [own] }] };
    const manifest = [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: pod }];
    const item = withHooks(manifest, [shown], place).at(-1)!;
    expect(item["spec"]).toMatchObject({
      volumes: [volume],
      containers: [{ volumeMounts: [own] }],
    });
    const changed = podSpecOf(item);
    expect(changed["volumes"]).toHaveLength(1);
    expect([own, volume].some((one) => isOfHook(one))).toBe(false);
  });

  it("is told apart from what others mount", () => {
    const spec = podSpecOf(withHooks([workload("Pod")], [shown], place).at(-1)!);
    const [container] = spec["containers"] as readonly Readonly<Record<string, unknown[]>>[];
    const ours = [spec["volumes"], container!["env"], container!["volumeMounts"]].flat();
    expect(ours).toHaveLength(4);
    expect(ours.every((one) => isOfHook(one))).toBe(true);
    expect(isOfHook({ name: "v", secret: { secretName: "tls" } })).toBe(false);
    expect(isOfHook({ name: "TOKEN", value: "x" })).toBe(false);
  });
});

it("without hooks, or with nothing to apply, nothing is added", () => {
  const manifest = [workload("Deployment")];
  expect(withHooks(manifest, [], place)).toBe(manifest);
  expect(withHooks([], both, place)).toEqual([]);
});
