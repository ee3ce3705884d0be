import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { openRokField, type RokField, type RokOptions } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";
import type { Json } from "../rest.ts";

/** The groups `infra` and `os` of the command line, TOSCA clusters and `app retry`, against a server. */

let field: RokField;

const tosca = `
tosca_definitions_version: tosca_simple_yaml_1_0
topology_template:
  outputs: { kubeconfig: { value: later } }
`;

beforeAll(async () => {
  const plain = "apiVersion: v1\nkind: Pod\n";
  const files = { password: "pass-77\n", "tosca.yaml": tosca, "plain.yaml": plain };
  field = await openRokField([], { files });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string, options: RokOptions = {}): Promise<RokRun> => field.rok(line, options);
const good = async (line: string, options: RokOptions = {}): Promise<string> =>
  (await field.good(line, options)).out;

async function json(line: string): Promise<Json> {
  return JSON.parse(await good(`${line} -o json`));
}

test("infrastructure providers are registered by token or login, in both scopes, by all their names", async () => {
  const im = "--type im --url http://127.0.0.1:9";
  await good(`infra gip register world ${im} --token t-77`);
  await good(`infra provider register own ${im} --username u --password-file password`);
  await good(`infra ip register asked ${im} --username u`, { askSecret: async () => "typed-77" });
  await good(`infrastructure infrastructureprovider register env ${im}`, {
    variables: { IM_TOKEN: "t-77" },
  });
  expect((await json("infra gprovider get world")).spec.im).toEqual({
    url: "http://127.0.0.1:9",
    token: "REDACTED",
    username: null,
    password: null,
  });
  expect((await json("infra ip get asked")).spec.im.password).toBe("REDACTED");
  const bare = await rok(`infra ip register bare ${im}`);
  expect([bare.status, bare.err]).toEqual([
    exitStatus.usage,
    expect.stringContaining("expected a token, or a username and a password"),
  ]);
  await good("infra ip update own --username v");
  expect((await json("infra ip get own")).spec.im).toMatchObject({
    username: "v",
    password: "REDACTED",
  });
  expect(await good("infra globalinfrastructureprovider list")).toMatch(
    /^world .* im +http:\/\/127\.0\.0\.1:9$/m,
  );
  await good("infra ip delete own");
});

test("clouds are registered, changed in one thing and listed, in both scopes", async () => {
  const common = "--type openstack --url http://127.0.0.1:9 --username u --project p";
  const variables = { OS_PASSWORD: "pass-77" };
  await good(`infra gc register world ${common} --global-infra-provider im`, { variables });
  await good("core mp create loads --type static --metric load 1");
  await good("core metric create load --mp-name loads --min 0 --max 2");
  const own = `infra cloud register own ${common} --infra-provider im --metric load 1 -l a=b`;
  await good(`${own} --password pass-77`);
  await good("infra gcloud update world --global-metric load 2");
  const { spec } = await json("infra globalcloud get world");
  expect(spec.openstack.metrics).toEqual([{ name: "load", weight: 2, namespaced: false }]);
  expect(spec.openstack.auth.password.user).toEqual({
    username: "u",
    password: "REDACTED",
    domain_name: "Default",
    comment: null,
  });
  expect(await good("infra cloud list --all")).toMatch(/^own .* openstack +load: 1 +im +ONLINE$/m);
  const moved = await rok("infra cloud update own --url http://127.0.0.1:8");
  expect([moved.status, moved.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("expected the value itself"),
  ]);
  await good("infra cloud update own --url http://127.0.0.1:8 --password pass-88");
  const without = await rok(`infra gc register x ${common} --global-infra-provider im`);
  expect([without.status, without.err]).toEqual([
    exitStatus.usage,
    expect.stringContaining("expected a password"),
  ]);
  expect((await rok("infra gc register x --type openstack")).status).toBe(exitStatus.usage);
});

test("projects and Magnum clusters of OpenStack are created, changed and deleted", async () => {
  const url = "--template t-1 --auth-url http://127.0.0.1:9";
  await good(`os project create cred ${url} --application-credential id-1 -secret-77`);
  const user = { OS_USER_ID: "u", OS_PASSWORD: "p-77", OS_PROJECT_ID: "q" };
  await good("os project create env --template t-1 -l a=b", {
    variables: { ...user, OS_AUTH_URL: "http://127.0.0.1:9" },
  });
  expect((await json("os project get env")).spec.auth).toEqual({
    type: "password",
    password: {
      user: { id: "u", password: "REDACTED", comment: null },
      project: { id: "q", comment: null },
    },
  });
  const shown = await good("os project get cred");
  expect(shown).toMatch(/^auth type +application_credential$/m);
  expect(shown).not.toContain("secret-77");
  await good("os project update cred --template t-2");
  expect((await json("os project get cred")).spec.template).toBe("t-2");

  const line =
    "os cluster create magnum --master-count 1 --node-count 2 --project-label-constraint";
  await good(`${line} a=b`);
  await good("openstack cluster update magnum --node-count 5");
  expect((await json("os cluster get magnum")).spec).toMatchObject({
    master_count: 1,
    node_count: 5,
    constraints: { project: { labels: ["a=b"] } },
  });
  expect(await good("os cluster list")).toMatch(/^magnum .*PENDING$/m);
  await good("os cluster delete magnum");
});

test("a cluster is created from a TOSCA template and waits for its cloud", async () => {
  const line = "kube cluster create made -f tosca.yaml --inherit-labels --inherit-metrics";
  const out = await good(`${line} -L a=b -M load>1`);
  expect(out).toMatch(/^state +PENDING$/m);
  const made = await json("kube cluster get made");
  expect(made.metadata.inherit_labels).toBe(true);
  expect(made.spec).toMatchObject({
    kubeconfig: {},
    inherit_metrics: true,
    constraints: { cloud: { labels: ["a=b"], metrics: ["load>1"] } },
    tosca: { topology_template: { outputs: { kubeconfig: { value: "later" } } } },
  });
  await good("kube cluster update made --remove-existing-cloud-label-constraints -L c=d");
  expect((await json("kube cluster get made")).spec.constraints.cloud).toEqual({
    labels: ["c=d"],
    metrics: ["load>1"],
  });
  const plain = await rok("kube cluster create other -f plain.yaml");
  expect([plain.status, plain.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("expected one TOSCA template"),
  ]);
});

test("a shutdown that did not fail cannot be retried", async () => {
  await writeFile(
    join(field.folder, "pod.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m }\n",
  );
  await good("kube app create app -f pod.yaml");
  const refused = await rok("kube app retry app");
  expect([refused.status, refused.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("has no failed shutdown to retry"),
  ]);
  expect((await rok("kube app retry missing")).status).toBe(exitStatus.notFound);
});
