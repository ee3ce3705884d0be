import { readDocument } from "@octoplane/shared/manifest-yaml";
import { describe, expect, it } from "vitest";
import { translate } from "./translate.ts";

/** A template of these nodes (and inputs), as YAML; whatever is given beside `nodes` stands at its place. */
function templateOf(parts: { nodes: string; inputs?: string; top?: string }): unknown {
  const indented = (text: string): string => text.replace(/^(?=.)/gm, "    ");
  return readDocument(`
tosca_definitions_version: tosca_simple_yaml_1_0
${parts.top ?? ""}
topology_template:
  inputs:
${indented(parts.inputs ?? "unused: {type: string}")}
  node_templates:
${indented(parts.nodes)}`);
}

const type = "type: tosca.nodes.indigo.KubernetesObject";
const configMap = (name: string): string =>
  `${name}:\n  ${type}\n  properties:\n    spec: "{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}"\n`;

function manifestOf(template: unknown, inputs = {}): readonly unknown[] {
  const result = translate(template, inputs);
  return "manifest" in result ? result.manifest : [result.problems];
}

function problemsOf(template: unknown, inputs = {}): readonly string[] {
  const result = translate(template, inputs);
  if ("manifest" in result) return [];
  return result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const at = "topology_template.node_templates";

/** Written as Krake's own samples are: the value of an input follows the colon of its key at once. */
const mailroom = templateOf({
  top: `imports:
  - ec3_custom_types: https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml`,
  inputs: `replicas: {type: integer, default: 3}\nport: {type: integer, default: 9000}`,
  nodes: `
mailroom:
  ${type}
  properties:
    spec:
      concat:
        - |-
          apiVersion: apps/v1
          kind: Deployment
          metadata:
            name: mailroom
          spec:
            replicas:
        - get_input: replicas
        - |2-

            template:
              spec:
                containers:
                  - name: mailroom
                    image: "mailroom:2"
                    ports:
                      - containerPort:
        - get_input: port
`,
});

describe("the samples of Krake", () => {
  it("become what Krake makes of them", () => {
    expect(manifestOf(mailroom)).toEqual([
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "mailroom" },
        spec: {
          replicas: 3,
          template: {
            spec: {
              containers: [
                { name: "mailroom", image: "mailroom:2", ports: [{ containerPort: 9000 }] },
              ],
            },
          },
        },
      },
    ]);
  });

  it("take inputs that are given before the defaults", () => {
    expect(manifestOf(mailroom, { replicas: 5 })).toMatchObject([{ spec: { replicas: 5 } }]);
  });
});

describe("functions", () => {
  /** The data that a ConfigMap gets, whose one key is worked out. */
  const dataOf = (value: string, more = ""): unknown => {
    const template = templateOf({
      inputs: `tag: {type: string, default: "1.27"}
ports: {type: list, default: [80, 443]}
limits: {type: map, default: {cpu: 2}}`,
      nodes: `
web:
  ${type}
  properties:
    name: nginx
    image: {concat: [{get_property: [SELF, name]}, ":", {get_input: tag}]}
    nested: {a: [{b: deep}]}
    spec: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {value: ${value}}}
${more}`,
    });
    const [object] = manifestOf(template) as readonly [{ data?: { value: unknown } }];
    return object.data?.value ?? object;
  };

  it.each<[string, unknown]>([
    ["{get_input: tag}", "1.27"],
    ["{get_input: [ports, 1]}", 443],
    ["{get_input: [limits, cpu]}", 2],
    ["{get_input: ports}", [80, 443]],
    ["{get_property: [SELF, name]}", "nginx"],
    ["{get_property: [web, image]}", "nginx:1.27"],
    ["{get_property: [SELF, nested, a, 0, b]}", "deep"],
    ["{concat: [a, 1, true, {concat: [b, {get_input: tag}]}]}", "a1trueb1.27"],
    ["{concat: [x, {get_input: ports}]}", "x[80,443]"],
    ['{token: ["a.b:c", ".:", 2]}', "c"],
    ["{join: [[a, {get_input: tag}], '-']}", "a-1.27"],
    ["{join: [[a, b]]}", "ab"],
    // What only looks like a call is data of the object.
    ["{token: abc}", { token: "abc" }],
    ["{concat: text}", { concat: "text" }],
  ])("%s is %j", (value, expected) => {
    expect(dataOf(value)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["{get_input: nothing}", "get_input: there is no input nothing; declared: tag, ports, limits"],
    ["{get_property: [SELF, nothing]}", "get_property: the node web has no property nothing"],
    ["{get_property: [db, name]}", "get_property: there is no node db"],
    ["{get_input: [limits, memory]}", "there is no memory in limits"],
    ["{get_attribute: [SELF, ip]}", "the function get_attribute tells of what runs"],
    ["{concat: [{frob: [1]}]}", "unknown function frob"],
    ["{concat: [a, null]}", "expected a text, found nothing"],
    ["{token: [a, b, 3]}", "token: there is no part 3 among 1"],
    [
      "{get_property: [SELF, spec]}",
      "the properties need each other in a circle: web.spec, web.spec",
    ],
  ])("%s is a problem that says where", (value, message) => {
    expect(JSON.stringify(dataOf(value))).toContain(`${at}.web.properties.spec`);
    expect(JSON.stringify(dataOf(value))).toContain(message);
  });

  it("keeps texts together that belong together, and puts a blank only behind a bare key", () => {
    const spec = `{concat: ["apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name:", {get_input: name},
      "\\ndata:\\n  image: nginx:", {get_input: tag}, "\\n  url: http:", {concat: ["//", {get_input: name}]},
      "\\n  list: [1,", {get_input: name}, "]"]}`;
    const template = templateOf({
      inputs: `name: {type: string, default: web}\ntag: {type: string, default: "1.27"}`,
      nodes: `a:\n  ${type}\n  properties:\n    spec: ${spec}`,
    });
    expect(manifestOf(template)).toEqual([
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "web" },
        data: { image: "nginx:1.27", url: "http://web", list: [1, "web"] },
      },
    ]);
  });

  it("ends with a problem when properties double each other", () => {
    const properties = Array.from({ length: 25 }, (_, index) => {
      const next = `{get_property: [SELF, p${index + 1}]}`;
      return `    p${index}: {concat: [${next}, ${next}]}`;
    }).join("\n");
    const nodes = `a:\n  ${type}\n  properties:\n${properties}\n    p25: x\n    spec: {get_property: [SELF, p0]}`;
    expect(problemsOf(templateOf({ nodes }))).toEqual([
      expect.stringContaining("the template becomes larger than"),
    ]);
  });
});

describe("types and order of nodes", () => {
  it("takes types of the template that derive from the known one, with their defaults", () => {
    const template = templateOf({
      top: `node_types:
  acme.Config:
    derived_from: tosca.nodes.indigo.KubernetesObject
    properties:
      title: {type: string, default: plain}
      spec:
        type: string
        default: {concat: ["{apiVersion: v1, kind: ConfigMap, metadata: {name: ", {get_property: [SELF, title]}, "}}"]}
  acme.Special: {derived_from: acme.Config}`,
      nodes: `a: {type: acme.Special}\nb: {type: acme.Config, properties: {title: other}}`,
    });
    expect(manifestOf(template)).toMatchObject([
      { metadata: { name: "plain" } },
      { metadata: { name: "other" } },
    ]);
  });

  it("puts a node behind those that it requires, and leaves the others where they are", () => {
    const first = `${configMap("a")}  requirements: [{dependency: d}, {host: {node: c}}]\n`;
    const nodes = `${first}${configMap("b")}${configMap("c")}${configMap("d")}`;
    const names = manifestOf(templateOf({ nodes })).map(
      (object) => (object as { metadata: { name: string } }).metadata.name,
    );
    expect(names).toEqual(["d", "c", "a", "b"]);
  });

  it("names the nodes of a circle, and requirements that lead nowhere", () => {
    const nodes = `${configMap("a")}  requirements: [{needs: b}]\n${configMap("b")}  requirements: [{needs: a}, {needs: ghost}]\n`;
    expect(problemsOf(templateOf({ nodes }))).toEqual([
      `${at}.b.requirements[1].needs: there is no node ghost`,
      `${at}.a.requirements: the nodes require each other in a circle: a, b`,
    ]);
  });

  it("refuses more nodes than an application may have", () => {
    const nodes = Array.from({ length: 2_001 }, (_, index) => configMap(`n${index}`)).join("");
    expect(problemsOf(templateOf({ nodes }))).toEqual([
      `${at}: expected 2000 nodes at most, found 2001`,
    ]);
  });

  it("refuses nodes of other types, and templates without nodes", () => {
    const nodes = `${configMap("a")}vm: {type: tosca.nodes.Compute}`;
    expect(problemsOf(templateOf({ nodes }))).toEqual([
      expect.stringMatching(
        /node_templates\.vm\.type: expected tosca\.nodes\.indigo\.KubernetesObject .* found tosca\.nodes\.Compute/,
      ),
    ]);
    const empty = { tosca_definitions_version: "tosca_simple_yaml_1_2", topology_template: {} };
    expect(problemsOf(empty)).toEqual([
      `${at}: expected a node of type tosca.nodes.indigo.KubernetesObject, found none`,
    ]);
  });
});

it.each<[string, string]>([
  ["'{'", "the text of this node:1:"],
  ["''", "found an empty text"],
  ["just words", "expected a Kubernetes object, found just words"],
  ["'{apiVersion: v1, kind: ConfigMap}'", "expected metadata in this ConfigMap"],
  ["[1]", "expected a Kubernetes object as YAML, found a list"],
  ["{frob: [1]}", "unknown function frob"],
])("tells what is wrong with the object of a node: %s", (spec, message) => {
  const nodes = `a:\n  ${type}\n  properties:\n    spec: ${spec}`;
  expect(problemsOf(templateOf({ nodes }))).toEqual([expect.stringContaining(message)]);
  expect(problemsOf(templateOf({ nodes }))[0]).toMatch(`${at}.a.properties.spec: `);
});

it("tells of all nodes at once, and of an object that two of them describe", () => {
  const twice = `a:\n  ${type}\n  properties:\n    spec: "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}"\n`;
  const nodes = `${twice}${configMap("b")}c:\n  ${type}\n`;
  expect(problemsOf(templateOf({ nodes }))).toEqual([
    `${at}.c.properties.spec: expected a Kubernetes object, found nothing`,
    `${at}.b.properties.spec: ConfigMap b stands here twice, also at ${at}.a.properties.spec`,
  ]);
});

describe("inputs", () => {
  const problemOf = (input: string): readonly string[] =>
    problemsOf(templateOf({ inputs: `x: ${input}`, nodes: configMap("a") }));

  it.each<[string, string]>([
    ["{type: integer, default: many}", "expected an integer, found many"],
    ["{type: string, default: 1.10}", "expected a string (in quotes, when it looks like a number)"],
    ["{type: boolean, default: 1}", "expected true or false"],
    ["{type: list, default: {}}", "expected a list"],
    ["{type: furlong, default: 1}", "unknown type furlong"],
    ["{default: c, constraints: [{valid_values: [a, b]}]}", "expected one of a, b; found c"],
    ["{type: integer, default: 9, constraints: [{in_range: [1, 4]}]}", "from 1 to 4, found 9"],
    ["{type: integer, default: 9, constraints: [{less_than: 9}]}", "expected less than 9"],
    ["{default: ab, constraints: [{min_length: 3}]}", "a length of at least 3, found 2"],
    ["{default: ab, constraints: [{pattern: a+}]}", "the constraint pattern is not checked here"],
    ["{default: ab, constraints: [{odd: 1}]}", "unknown constraint odd"],
  ])("%s is a problem", (input, message) => {
    expect(problemOf(input)).toEqual([expect.stringContaining(message)]);
    expect(problemOf(input)[0]).toMatch(/^topology_template\.inputs\.x: /);
  });

  it.each([
    '{type: integer, default: "8080", constraints: [{in_range: [1, UNBOUNDED]}]}',
    "{type: boolean, default: false}",
    "{type: scalar-unit.size, default: 4 GB}",
    "{type: integer, default: 2, constraints: [{valid_values: [1, 2]}, {greater_or_equal: 2}]}",
    "{type: string}",
  ])("%s is none", (input) => {
    expect(problemOf(input)).toEqual([]);
  });

  it("are missed where they are used, and refused where they are not declared", () => {
    const nodes = `a:\n  ${type}\n  properties:\n    spec: {get_input: x}`;
    const template = templateOf({ inputs: "x: {type: string}", nodes });
    expect(problemsOf(template)).toEqual([
      `${at}.a.properties.spec: get_input: the input x has neither a value nor a default`,
    ]);
    expect(problemsOf(template, { y: 1 })).toEqual([
      "topology_template.inputs.y: no such input; those that are declared: x",
    ]);
  });
});

it.each<[string, string | undefined]>([
  ["- https://raw.githubusercontent.com/indigo-dc/tosca-types/v4.0.0/custom_types.yaml", undefined],
  [
    "- {file: 'https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml'}",
    undefined,
  ],
  ["- https://u:p@example.org/types.yaml?key=1", "https://example.org/types.yaml is not fetched"],
  [
    "- evil: {file: 'http://raw.githubusercontent.com/grycap/ec3/custom_types.yaml'}",
    "is not fetched",
  ],
  ["- types/mine.yaml", "there is no types/mine.yaml beside a template by itself"],
  ["- [1]", "expected a file or a URL"],
])("imports of remote files: %s", (line, message) => {
  const problems = problemsOf(templateOf({ top: `imports:\n  ${line}`, nodes: configMap("a") }));
  if (message === undefined) expect(problems).toEqual([]);
  else expect(problems).toEqual([expect.stringContaining(message)]);
});
