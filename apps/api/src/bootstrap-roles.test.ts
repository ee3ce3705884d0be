import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readInput } from "@octoplane/kinds/read-input";
import { kindNamed, kinds } from "@octoplane/kinds/registry";
import { readDocuments } from "@octoplane/shared/manifest-yaml";

/** Files that fill an empty store: ours, and files of the form that Krake's users have. */

interface Rule {
  readonly api: string;
  readonly resources: readonly string[];
}

function load(text: string): readonly string[] {
  const documents = readDocuments(text, "test.yaml").documents as readonly {
    readonly api: string;
    readonly kind: string;
  }[];
  return documents.map((document) => {
    const kind = kindNamed(document.api, document.kind);
    if (!kind) throw new Error(`${document.kind} is no kind`);
    return `${kind.kind} ${readInput(kind, document).metadata.name}`;
  });
}

const ours = await readFile(new URL("../../../bootstrap/roles.yaml", import.meta.url), "utf8");

const policies = await readFile(
  new URL("../../../bootstrap/policies.yaml", import.meta.url),
  "utf8",
);

test("the policies that come with Octoplane are bodies that the server takes", () => {
  expect(load(policies)).toEqual(
    ["cost", "carbon", "latency", "balanced"].map((name) => `GlobalPlacementPolicy ${name}`),
  );
});

describe("the roles that come with Octoplane", () => {
  test("are bodies that the server takes", () => {
    expect(load(ours)).toContain("Role role:system:scheduler");
    expect(load(ours)).toContain("RoleBinding rolebinding:system:infrastructure");
  });

  test("name only resources that there are", () => {
    const known = new Set(
      kinds.flatMap(({ api, plural, status, subresources }) => [
        `${api}/${plural}`,
        ...(status === undefined ? [] : [`${api}/${plural}/status`]),
        ...subresources.map((name) => `${api}/${plural}/${name}`),
      ]),
    );
    const plurals = new Set(kinds.map(({ plural }) => plural));
    const documents = readDocuments(ours, "roles.yaml").documents as readonly {
      readonly rules?: readonly Rule[];
    }[];
    const named = documents.flatMap(({ rules = [] }) =>
      rules.flatMap(({ api, resources }) => resources.map((name) => [api, name] as const)),
    );
    expect(named.length).toBeGreaterThan(30);
    const unknown = named.filter(([api, name]) =>
      api === "" ? name !== "" && !plurals.has(name) : !known.has(`${api}/${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test("let the garbage collector see and remove every kind", () => {
    const documents = readDocuments(ours, "roles.yaml").documents as readonly {
      readonly metadata: { readonly name: string };
      readonly rules?: readonly Rule[];
    }[];
    const [rule] =
      documents.find(({ metadata }) => metadata.name === "role:system:gc")?.rules ?? [];
    expect(rule?.resources.toSorted()).toEqual(kinds.map(({ plural }) => plural).toSorted());
  });
});

test("roles and bindings of Krake's form load as they are, with a name that means nothing here", () => {
  const text = `# A comment before the first document.

###############
api: core
kind: Role
metadata:
  name: role:robots:cluster-keeper
rules:
- api: 'kubernetes'
  namespaces:
  - ''
  resources:
  - cluster
  - clusters
  verbs:
  - get
  - list_all
---

api: core
kind: RoleBinding
metadata:
  name: rolebinding:robots
roles:
- role:robots:cluster-keeper
users:
  - "system:robot"
---
`;
  expect(load(text)).toEqual(["Role role:robots:cluster-keeper", "RoleBinding rolebinding:robots"]);
});

test("metrics and their providers of Krake's form load as they are, the type behind its block", () => {
  const text = `
api: core
kind: GlobalMetricsProvider
metadata:
  name: weather_station
spec:
  static:
    metrics:
      wind_2: 0.3
  type: static

---

##### another #####

api: core
kind: GlobalMetric
metadata:
  name: wind_2
spec:
  allowed_values: [0, 1, 4]
  max: 5.0
  min: 0.0
  provider:
    metric: wind_2
    name: weather_station
---
api: core
kind: MetricsProvider
metadata:
  name: prometheus
  namespace: team
spec:
  type: prometheus
  prometheus:
    url: http://localhost:9090
`;
  expect(load(text)).toEqual([
    "GlobalMetricsProvider weather_station",
    "GlobalMetric wind_2",
    "MetricsProvider prometheus",
  ]);
});
