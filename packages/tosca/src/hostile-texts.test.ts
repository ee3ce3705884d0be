import { expect, it } from "vitest";
import { readCsar } from "./csar.ts";
import { writeZip } from "./testing/write-zip.ts";
import { translate } from "./translate.ts";

/** Texts that were written to keep a reader busy: each would take minutes if the work grew with the square of its length. */

const template = (spec: unknown, inputs: Readonly<Record<string, unknown>> = {}): unknown => ({
  tosca_definitions_version: "tosca_simple_yaml_1_3",
  topology_template: {
    inputs,
    node_templates: {
      a: { type: "tosca.nodes.indigo.KubernetesObject", properties: { spec } },
    },
  },
});

it("the name of a template with blanks inside is read in one go", async () => {
  const text = `Entry-Definitions: a${" ".repeat(500_000)}b\n`;
  const archive = writeZip([{ name: "TOSCA-Metadata/TOSCA.meta", text }]);
  await expect(readCsar(archive, "x.csar")).rejects.toThrow("which is not in the archive");
});

it("digits without end are no number at once", () => {
  const long = `${"1".repeat(500_000)}x`;
  const input = { type: "integer", default: long };
  const result = translate(template("", { count: input }));
  expect(JSON.stringify(result)).toContain("expected an integer");
});

it("many separators of a token are looked up, not searched", () => {
  const call = { token: ["a".repeat(900_000), "b".repeat(900_000), 1] };
  expect(JSON.stringify(translate(template(call)))).toContain("there is no part 1 among 1");
});
