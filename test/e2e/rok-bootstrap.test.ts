import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { openRokField, type RokField } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** `rok bootstrap` against a server, with files of the form that Krake's users have. */

const metrics = `# Metrics and their provider.

##########################
### Tides             ###
##########################

api: core
kind: GlobalMetric
metadata:
  name: tide_level
spec:
  allowed_values: [0,1,4]
  max: 5.0
  min: 0.0
  provider:
    metric: tide_level
    name: harbour

---


api: core
kind: GlobalMetricsProvider
metadata:
  name: harbour
spec:
  static:
    metrics:
      tide_level: 0.9
  type: static
---
`;

const roles = `
api: core
kind: Role
metadata:
  name: role:pilots
rules:
- api: ''
  namespaces:
  - ''
  resources:
  - "clusters"
  verbs:
  - get
---

api: core
kind: RoleBinding
metadata:
  name: rolebinding:pilots
roles:
- role:pilots
users:
  - pilot
---

`;

let field: RokField;

beforeAll(async () => {
  field = await openRokField([], { files: { "metrics.yaml": metrics, "roles.yaml": roles } });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string, input = ""): Promise<RokRun> => field.rok(line, { input });

test("files are stored together, told in a table, and not stored again without force", async () => {
  const done = await rok("bootstrap metrics.yaml roles.yaml");
  expect(done).toEqual({
    status: exitStatus.ok,
    out:
      "result   kind                   namespace  name\n" +
      "created  GlobalMetric                      tide_level\n" +
      "created  GlobalMetricsProvider             harbour\n" +
      "created  Role                              role:pilots\n" +
      "created  RoleBinding                       rolebinding:pilots\n",
    err: "",
  });
  const again = await rok("bootstrap roles.yaml");
  expect(again).toEqual({
    status: exitStatus.refused,
    out: "",
    err:
      "rok: roles.yaml:2 (Role role:pilots): metadata.name: Role role:pilots exists already; force replaces it\n" +
      "rok: roles.yaml:16 (RoleBinding rolebinding:pilots): metadata.name: " +
      "RoleBinding rolebinding:pilots exists already; force replaces it\n",
  });
  const forced = await rok(
    "bootstrap --force metrics.yaml - -o json",
    roles.replace("get", "list"),
  );
  expect(JSON.parse(forced.out)).toMatchObject([
    { result: "unchanged", kind: "GlobalMetric" },
    { result: "unchanged", kind: "GlobalMetricsProvider" },
    { result: "replaced", kind: "Role", namespace: null, name: "role:pilots" },
    { result: "unchanged", kind: "RoleBinding" },
  ]);
});

test("standard input that is wrong anywhere stores nothing", async () => {
  const input =
    "{api: core, kind: Role, metadata: {name: fresh}, rules: []}\n---\n" +
    "{api: kubernetes, kind: Cluster, metadata: {name: c}}\n---\n" +
    "{api: core, kind: RoleBinding, metadata: {name: b}, users: [], roles: [fresh, gone]}\n";
  const { status, out, err } = await rok("bootstrap -", input);
  expect([status, out]).toEqual([exitStatus.refused, ""]);
  expect(err.split("\n")).toEqual([
    expect.stringMatching(
      /^rok: standard input:3 \(Cluster c\): kind: expected one of core\/Role, .*found kubernetes\/Cluster$/,
    ),
    "rok: standard input:5 (RoleBinding b): roles[1]: Role gone is neither stored nor a valid document here",
    "",
  ]);
  expect((await rok("core role get fresh")).status).toBe(exitStatus.notFound);
  const broken = await rok("bootstrap metrics.yaml -", "a: [");
  expect([broken.status, broken.err]).toEqual([
    exitStatus.refused,
    expect.stringMatching(/^rok: standard input:1/),
  ]);
  expect((await rok("bootstrap missing.yaml")).status).toBe(exitStatus.refused);
  expect((await rok("bootstrap")).status).toBe(exitStatus.usage);
});
