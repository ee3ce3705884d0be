import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { openRokField, type RokField } from "./rok-field.ts";

/**
 * Krake's user stories 7 (clusters to clouds by labels) and 8 (by metrics) as a user types them, and an application that gets a
 * cluster of its own. Nothing makes clusters yet: where one has to come, the test hands in the kubeconfig that its maker would.
 */

const tosca = `
tosca_definitions_version: tosca_simple_yaml_1_0
topology_template:
  outputs: { kubeconfig: { value: later } }
`;
const web = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: default }\n";

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo", "made"], {
    files: { "cluster.yaml": tosca, "web.yaml": web },
    settings: (folder) => ({
      scheduler: {
        reschedule_after: 0,
        metrics: { interval: 0.05 },
        automatic_cluster_creation: { tosca_file: join(folder, "cluster.yaml") },
      },
    }),
  });
  await good("infra gip register im --type im --url http://127.0.0.1:9 --token t");
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

async function good(line: string, ...more: readonly string[]): Promise<string> {
  return (await field.good([...line.split(" "), ...more])).out;
}

async function cloud(name: string, more: string): Promise<void> {
  const access = "--url http://127.0.0.1:9 --username u --password p --project p";
  await good(
    `infra cloud register ${name} --type openstack ${access} --global-infra-provider im ${more}`,
  );
}

async function until(line: string, pattern: RegExp): Promise<string> {
  let last = "";
  return await waitFor(
    `${line}: ${String(pattern)}`,
    async () => {
      last = await good(line);
      return pattern.test(last) ? last : undefined;
    },
    { deadlineMs: 15_000, seen: () => last },
  );
}

/** What whoever makes clusters does at its end. */
async function isMade(name: string, by: string): Promise<void> {
  await good(`kube cluster update ${name} -k ${by}.yaml --wait online --timeout 30s`);
}

test("story 7: a cluster goes to a cloud by its labels, and inherits them", async () => {
  await cloud("cloud-de", "-l location=DE");
  await cloud("cloud-sk", "-l location=SK");
  const create = "kube cluster create by-label -f cluster.yaml --inherit-labels";
  await good(create, "-L", "location is SK");
  const shown = await until("kube cluster get by-label", /scheduled_to +\S*cloud-sk/);
  expect(shown).toMatch(/labels +location=SK \(inherited\)/);
  expect(await good("kube cluster list")).toMatch(/by-label .*location=SK \(inherited\)/);
  const stored: Json = JSON.parse(await good("kube cluster get by-label -o json"));
  expect(stored.metadata.labels).toEqual({});
  const explained = await good("kube cluster explain by-label");
  expect(explained).toContain("cloud-sk is the only cloud that fits");
  expect(explained).toMatch(/cloud-de +no .*location is DE/);
  await isMade("by-label", "berlin");
  await good("kube app create slovak -f web.yaml", "-L", "location is SK");
  await until("kube app get slovak", /running_on +\S*by-label/);

  await good("kube cluster create nowhere -f cluster.yaml", "-L", "location is FR");
  expect(await until("kube cluster get nowhere", /state +FAILED/)).toMatch(/No matching cloud/);
  expect(await good("kube cluster explain nowhere")).toMatch(/0 of 2 clouds fit/);
  await good("infra cloud update cloud-de -l location=FR");
  await until("kube cluster get nowhere", /scheduled_to +\S*cloud-de/);
  await good("kube cluster delete nowhere");
});

test("story 8: a cluster goes to the cloud with the best metrics, and inherits them", async () => {
  await good("core gmp create sites --type static --metric green 0.9 --metric heat 0.1");
  for (const name of ["green", "heat"]) {
    await good(`core gm create ${name} --gmp-name sites --min 0 --max 1`);
  }
  await cloud("cool", "-l metered=yes --global-metric green 10 --global-metric heat 1");
  await cloud("hot", "-l metered=yes --global-metric green 1 --global-metric heat 10");
  const create = "kube cluster create by-metric -f cluster.yaml --inherit-metrics";
  await good(create, "-L", "metered is yes");
  const shown = await until("kube cluster get by-metric", /scheduled_to +\S*cool/);
  expect(shown).toContain("green (inherited): 10");
  expect(await good("kube cluster explain by-metric")).toMatch(/cool: score 0\.8273/);
  await isMade("by-metric", "oslo");
  await good("kube app create green -f web.yaml", "-M", "green > 0.5");
  const explained = await until("kube app explain green", /on \S*by-metric/);
  expect(explained).toMatch(/green +0\.9/);
  await good("kube cluster create limited -f cluster.yaml", "-M", "heat > 0.5");
  await until("kube cluster get limited", /state +FAILED/);
  await good("core gmp update sites --metric green 0.9 --metric heat 0.6");
  await until("kube cluster get limited", /scheduled_to/);
  await good("kube cluster delete limited");
});

test("an application gets a cluster of its own when no other fits", async () => {
  await cloud("own", "-l tier=gold");
  const create = "kube app create gold -f web.yaml --auto-cluster-create";
  await good(create, "-L", "tier is gold");
  await until("kube app get gold", /state +WAITING_FOR_CLUSTER_CREATION/);
  const explained = await good("kube app explain gold");
  expect(explained).toContain("waits for a new cluster");
  expect(explained).toMatch(/new on cloud \S*own +yes .*its cluster is made here/);
  const app: Json = JSON.parse(await good("kube app get gold -o json"));
  const name = app.status.new_cluster.name as string;
  expect(await good(`kube cluster get ${name}`)).toMatch(/labels +tier=gold \(inherited\)/);
  await isMade(name, "made");
  await until("kube app get gold", new RegExp(`running_on +\\S*${name}`));
});
