import type { FieldProblem } from "@octoplane/shared/errors";

/**
 * The outer form of a TOSCA template (TOSCA Simple Profile in YAML 1.0 to 1.3, section 3.10): what can be told without
 * loading what it imports. What its nodes mean is judged by who translates it. Pure.
 */

type Entry = Readonly<Record<string, unknown>>;

const versions: readonly string[] = ["1_0", "1_1", "1_2", "1_3"].map(
  (version) => `tosca_simple_yaml_${version}`,
);

/** The maps of a topology whose entries are objects. */
const maps = ["inputs", "node_templates", "outputs"] as const;

/** Every problem of a template; `outputs` are the names of outputs that it must have. */
export function checkTosca(
  field: string,
  template: Entry,
  outputs: readonly string[] = [],
): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const version = template["tosca_definitions_version"];
  if (typeof version !== "string" || !versions.includes(version)) {
    const message = `expected one of ${versions.join(", ")}`;
    problems.push({ field: `${field}.tosca_definitions_version`, message });
  }
  const topology = template["topology_template"];
  const at = `${field}.topology_template`;
  if (!isEntry(topology)) return [...problems, { field: at, message: "expected an object" }];
  for (const map of maps) problems.push(...checkMap(`${at}.${map}`, topology[map]));
  const nodes = isEntry(topology["node_templates"]) ? topology["node_templates"] : {};
  for (const [name, node] of Object.entries(nodes)) {
    if (!isEntry(node) || (typeof node["type"] === "string" && node["type"] !== "")) continue;
    problems.push({ field: `${at}.node_templates.${name}.type`, message: "expected a node type" });
  }
  const declared = isEntry(topology["outputs"]) ? topology["outputs"] : {};
  for (const name of outputs) {
    if (Object.hasOwn(declared, name)) continue;
    problems.push({ field: `${at}.outputs.${name}`, message: "expected, but missing" });
  }
  return problems;
}

function checkMap(field: string, value: unknown): readonly FieldProblem[] {
  if (value === undefined || value === null) return [];
  if (!isEntry(value)) return [{ field, message: "expected an object" }];
  return Object.entries(value)
    .filter(([, item]) => !isEntry(item))
    .map(([name]) => ({ field: `${field}.${name}`, message: "expected an object" }));
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
