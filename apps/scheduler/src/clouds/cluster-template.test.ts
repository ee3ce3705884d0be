import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { readClusterTemplate } from "./cluster-template.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-template-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const good = `
tosca_definitions_version: tosca_simple_yaml_1_0
topology_template: { outputs: { kubeconfig: { value: later } } }
`;

async function read(text: string) {
  const file = join(folder, "cluster.yaml");
  await writeFile(file, text);
  return await readClusterTemplate(file);
}

it("a template of a cluster is read as it is", async () => {
  expect(await read(good)).toMatchObject({
    tosca: { topology_template: { outputs: { kubeconfig: { value: "later" } } } },
  });
});

it.each([
  ["two documents", `${good}\n---\n${good}`, /expected one TOSCA template/],
  ["no template at all", "a", /expected one TOSCA template/],
  ["another format", "kind: Pod", /tosca_definitions_version/],
  ["no kubeconfig among its outputs", good.replace("kubeconfig", "other"), /outputs.kubeconfig/],
  ["no YAML", "{", /cannot be used/],
  ["a file that is too large", "#".repeat(limits.clusterTemplateBytesMax + 1), /too large/],
])("%s is a problem that says why, and no error", async (_what, text, message) => {
  expect(await read(text)).toEqual({
    problem: { code: "TemplateUnusable", message: expect.stringMatching(message) },
  });
});

it("no file, and one that is not there, are problems too", async () => {
  expect(await readClusterTemplate(null)).toMatchObject({ problem: { code: "NoTemplate" } });
  expect(await readClusterTemplate(join(folder, "missing"))).toMatchObject({
    problem: { code: "TemplateUnusable", message: expect.stringContaining("ENOENT") },
  });
});
