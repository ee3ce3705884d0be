import { expect, it } from "vitest";
import type { KubeObject } from "@octoplane/kube/kube";
import type { Desired, DesiredObject } from "./desired.ts";
import { withHooks } from "./hook-objects.ts";
import { marked, stamped } from "./mark.ts";
import { observedPair, ownObject, pinnedFields, withSchemas } from "./observed-object.ts";

const manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels: { team: "a" } },
  spec: {
    template: {
      spec: {
        containers: [
          { name: "web", image: "i:1", env: [{ name: "A", value: "1" }] },
          { name: "side", image: "s:1" },
        ],
      },
    },
  },
};
const bounds = { observer_schema_list_min_length: 1, observer_schema_list_max_length: 2 };
const schema = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: null },
  spec: {
    replicas: null,
    template: {
      spec: { containers: [{ name: null, env: [{ value: null }, bounds] }, bounds] },
    },
  },
};
const grant = {
  hook: "complete",
  token: "t",
  url: "u",
  envToken: "TOKEN",
  envUrl: "URL",
} as const;
const owner = { uid: "uid", namespace: "team", name: "app" };

function desired(hooks: Parameters<typeof withHooks>[1] = [], more: object = {}): Desired {
  const place = { application: "app", namespaceOf: () => "home" };
  const item = withHooks([manifest], hooks, place).at(-1)!;
  const metadata = { ...manifest.metadata, namespace: "home" };
  const object = { ...item, metadata } as unknown as KubeObject;
  const served = { group: "apps", kind: "Deployment", version: "v1", plural: "deployments" };
  const one = {
    id: "apps|Deployment|home|web",
    phase: "workloads",
    ref: { served: { ...served, namespaced: true, verbs: [] }, name: "web", namespace: "home" },
    object: stamped(marked(object, owner), "digest"),
    digest: "digest",
    leavesReplicas: false,
    ...more,
  };
  return { objects: [one as unknown as DesiredObject], unresolved: [] };
}

const only = ({ objects }: Desired): DesiredObject => objects[0]!;

it("an object with a schema has another digest, and is stamped with it", () => {
  const plain = only(withSchemas(desired(), []));
  const watched = only(withSchemas(desired(), [schema]));
  const other = { ...schema, spec: { replicas: null } };
  const digests = [plain, watched, only(withSchemas(desired(), [other]))].map((one) => one.digest);
  expect(new Set(digests).size).toBe(3);
  expect(watched.object.metadata.annotations?.["octoplane.io/applied"]).toBe(watched.digest);
});

it("a schema is about the object in any namespace, unless it names one", () => {
  const named = (namespace: string) => ({ ...schema, metadata: { name: "web", namespace } });
  const schemaIn = (one: typeof schema | ReturnType<typeof named>) =>
    only(withSchemas(desired(), [one])).schema;
  expect(schemaIn(schema)).toBeDefined();
  expect(schemaIn(named("home"))).toBeDefined();
  expect(schemaIn(named("elsewhere"))).toBeUndefined();
});

it("what is applied as ours are the watched fields with our marks, and nothing else", () => {
  const part = ownObject(only(withSchemas(desired(), [schema])), { spec: { replicas: 3 } });
  expect(part).toEqual({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      namespace: "home",
      labels: { "octoplane.io/application": "uid" },
      annotations: {
        "octoplane.io/application-name": "team/app",
        "octoplane.io/applied": expect.any(String),
      },
    },
    spec: {
      replicas: 3,
      template: { spec: { containers: [{ name: "web", env: [{ name: "A", value: "1" }] }] } },
    },
  });
});

it("the variables of hooks are ours in every container, and count for no place in the schema", () => {
  const part = ownObject(only(withSchemas(desired([grant]), [schema])), {});
  const { template } = part["spec"] as typeof manifest.spec;
  const names = template.spec.containers.map(({ name, env, image }) => [
    name,
    image,
    ...(env ?? []).map((one) => one.name),
  ]);
  expect(names).toEqual([
    ["web", undefined, "TOKEN", "URL", "A"],
    ["side", undefined, "TOKEN", "URL"],
  ]);
});

it("the certificates of hooks are ours as well, and are no volumes of the schema", () => {
  const files = { folder: "/certs", bundle: "b", certificate: "c", key: "k" };
  const part = ownObject(only(withSchemas(desired([{ ...grant, files }]), [schema])), {});
  const volumeMounts = [{ name: "krake-complete-certs", mountPath: "/certs", readOnly: true }];
  expect(part["spec"]).toMatchObject({
    template: {
      spec: {
        volumes: [{ name: "krake-complete-certs" }],
        containers: [
          { name: "web", volumeMounts },
          { name: "side", volumeMounts },
        ],
      },
    },
  });
});

it("what was found first is kept, also when another value is found later", () => {
  const one = only(withSchemas(desired(), [schema]));
  const first = pinnedFields(one, { spec: { replicas: 1 } }, undefined);
  expect(first).toEqual({ spec: { replicas: 1 } });
  expect(pinnedFields(one, { spec: { replicas: 5 } }, first)).toEqual(first);
});

it("replicas that an autoscaler sets are not pinned", () => {
  const one = only(withSchemas(desired([], { leavesReplicas: true }), [schema]));
  expect(pinnedFields(one, { spec: { replicas: 5 } }, undefined)).toEqual({});
});

it("Krake's clients read the watched fields, as they were applied and as they are", () => {
  const one = only(withSchemas(desired(), [schema]));
  const live = { ...manifest, spec: { ...manifest.spec, replicas: 7 } };
  const { applied, seen } = observedPair(one, { spec: { replicas: 1 } }, live);
  expect(applied).toMatchObject({ metadata: { name: "web", namespace: "home" } });
  expect([applied["spec"], seen?.["spec"]]).toMatchObject([{ replicas: 1 }, { replicas: 7 }]);
  expect(JSON.stringify([applied, seen])).not.toContain("i:1");
});
