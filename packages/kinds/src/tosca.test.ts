import { expect, test } from "vitest";
import fc from "fast-check";
import { checkTosca } from "./tosca.ts";

const fieldsOf = (template: Record<string, unknown>, outputs?: readonly string[]) =>
  checkTosca("t", template, outputs).map(({ field }) => field);
const tosca_definitions_version = "tosca_simple_yaml_1_0";

test("a template needs a known version and a topology", () => {
  expect(fieldsOf({})).toEqual(["t.tosca_definitions_version", "t.topology_template"]);
  expect(fieldsOf({ tosca_definitions_version, topology_template: {} })).toEqual([]);
  const foreign = { tosca_definitions_version: "tosca_2_0", topology_template: {} };
  expect(fieldsOf(foreign)).toEqual(["t.tosca_definitions_version"]);
});

test("an output that must be there is missed by its name", () => {
  const template = (outputs: unknown) => ({
    tosca_definitions_version,
    topology_template: { outputs },
  });
  for (const outputs of [undefined, null, {}, { other: {} }]) {
    expect(fieldsOf(template(outputs), ["kubeconfig"])).toEqual([
      "t.topology_template.outputs.kubeconfig",
    ]);
  }
  expect(fieldsOf(template({ kubeconfig: { value: 1 } }), ["kubeconfig"])).toEqual([]);
});

test("whatever stands in a template, it is judged and never thrown at", () => {
  const map = fc.dictionary(fc.string(), fc.anything());
  fc.assert(
    fc.property(map, map, (template, topology_template) => {
      for (const value of [template, { ...template, topology_template }]) {
        for (const { field } of checkTosca("t", value)) expect(field).toMatch(/^t\./);
      }
    }),
  );
});
