import fc from "fast-check";
import { expect, it } from "vitest";
import { translate } from "./translate.ts";

const words = [
  "get_input",
  "get_property",
  "concat",
  "token",
  "join",
  "SELF",
  "a",
  "b",
  "spec",
  "__proto__",
  "constructor",
  "tosca.nodes.indigo.KubernetesObject",
  "acme.Config",
  "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
];

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 6 },
    fc.constantFrom<unknown>(...words, 0, 1, null, true),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...words), tie("value"), { maxKeys: 3 }),
  ),
}));

const template = fc.record({
  tosca_definitions_version: fc.constant("tosca_simple_yaml_1_3"),
  imports: fc.option(value, { nil: null }),
  node_types: fc.oneof(
    value,
    fc.constant({ "acme.Config": { derived_from: "tosca.nodes.indigo.KubernetesObject" } }),
  ),
  topology_template: fc.record({
    inputs: fc.dictionary(fc.constantFrom("a", "b"), fc.record({ default: value })),
    node_templates: fc.dictionary(
      fc.constantFrom("a", "b", "spec"),
      fc.record({
        type: fc.constantFrom("tosca.nodes.indigo.KubernetesObject", "acme.Config"),
        properties: fc.dictionary(fc.constantFrom("a", "b", "spec"), value),
        requirements: fc.oneof(
          value,
          fc.array(fc.dictionary(fc.constant("on"), fc.constantFrom("a", "b", "spec"))),
        ),
      }),
      { minKeys: 1 },
    ),
  }),
});

it("says something of any JSON, and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), value, template), (input) => {
      const before = JSON.stringify(input);
      const result = translate(input);
      if ("problems" in result) expect(result.problems.length).toBeGreaterThan(0);
      else expect(result.manifest.length).toBeGreaterThan(0);
      expect(JSON.stringify(input)).toBe(before);
      expect(translate(input)).toEqual(result);
    }),
    { numRuns: 2_000 },
  );
});

it("gives back the very object that a node holds, whatever names are in it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (data) => {
      const spec = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, more: [data] };
      const only = Object.keys(data).length === 1 ? Object.keys(data)[0]! : "";
      fc.pre(!only.startsWith("get_"));
      const result = translate({
        tosca_definitions_version: "tosca_simple_yaml_1_0",
        topology_template: {
          node_templates: {
            a: { type: "tosca.nodes.indigo.KubernetesObject", properties: { spec } },
          },
        },
      });
      expect(result).toEqual({ manifest: [spec] });
    }),
  );
});
