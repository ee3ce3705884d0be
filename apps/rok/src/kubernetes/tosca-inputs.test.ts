import fc from "fast-check";
import { expect, test } from "vitest";
import { withInputs } from "./tosca-inputs.ts";

const template = {
  tosca_definitions_version: "tosca_simple_yaml_1_0",
  topology_template: {
    inputs: {
      count: { type: "integer", default: 1, constraints: [{ valid_values: [1, 2, 30] }] },
      share: { type: "float" },
      on: { type: "boolean" },
      text: { type: "string" },
      size: { type: "scalar-unit.size" },
      list: { type: "list" },
      map: { type: "map" },
    },
    node_templates: { web: { type: "x" } },
  },
};

const defaultOf = (name: string, text: string): unknown => {
  const { topology_template: topology } = withInputs(template, { [name]: text });
  return (topology as { inputs: Record<string, { default: unknown }> }).inputs[name]?.default;
};

test.each<[string, string, unknown]>([
  ["count", "+30", 30],
  ["share", ".5", 0.5],
  ["share", "-1e3", -1000],
  ["on", "false", false],
  ["text", "12", "12"],
  ["text", "a=b", "a=b"],
  ["size", "4 GB", "4 GB"],
  ["list", "[1, a]", [1, "a"]],
  ["map", "{a: 1}", { a: 1 }],
])("%s=%s has the type that the template declares", (name, text, value) => {
  expect(defaultOf(name, text)).toEqual(value);
});

test.each([
  ["count", "3", "expected one of 1, 2, 30"],
  ["count", "1.5", "expected a whole number (integer)"],
  ["count", "9007199254740993", "expected a whole number (integer)"],
  ["share", "much", "expected a number (float)"],
  ["on", "yes", "expected true or false (boolean)"],
  ["list", "{a: 1}", "expected a list"],
  ["map", "[", "--input map"],
  ["toString", "1", "no such input; those that it declares: count, list, map, on"],
])("%s=%s is refused", (name, text, message) => {
  expect(() => withInputs(template, { [name]: text })).toThrow(message);
});

test("all else of the template stays as it was", () => {
  const before = structuredClone(template);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const changed = withInputs(template, { text });
      expect(changed).toEqual({
        ...template,
        topology_template: {
          ...template.topology_template,
          inputs: {
            ...template.topology_template.inputs,
            text: { type: "string", default: text },
          },
        },
      });
      expect(template).toEqual(before);
    }),
  );
});

test("a template without inputs, or without anything, declares none", () => {
  expect(() => withInputs({}, { a: "1" })).toThrow("declares: none");
});
