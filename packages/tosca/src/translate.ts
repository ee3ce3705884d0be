import { checkManifest, type ManifestObject } from "@octoplane/kinds/manifest";
import { checkTosca } from "@octoplane/kinds/tosca";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import { entryOf, isEntry, told, type Entry, type Problem } from "./entry.ts";
import { orderNodes } from "./node-order.ts";
import { kubernetesObject, lineage } from "./node-types.ts";
import {
  beginWalk,
  propertyOf,
  refuseUnknownFunction,
  ValueProblem,
  type Walk,
} from "./property-values.ts";
import { checkImports } from "./template-imports.ts";
import { readInputs } from "./template-inputs.ts";

export type Translation =
  | { readonly manifest: readonly ManifestObject[] }
  | { readonly problems: readonly Problem[] };

/**
 * The Kubernetes objects that a template describes (TOSCA Simple Profile in YAML 1.0 to 1.3): one or more of each node of type
 * `tosca.nodes.indigo.KubernetesObject`, or of a type that derives from it, behind those of the nodes that it requires.
 * `inputs` come before the defaults of the template. All problems are told at once, each with its place. Pure; never throws,
 * whatever the template is.
 */
export function translate(template: unknown, inputs: Entry = {}): Translation {
  if (!isEntry(template)) return { problems: [{ path: "", message: "expected a TOSCA template" }] };
  const outer = [
    ...checkTosca("", template).map(({ field, message }) => ({ path: field.slice(1), message })),
    ...checkImports(template),
  ];
  const topology = entryOf(template["topology_template"]);
  const nodes = entryOf(topology["node_templates"]);
  const nodeTypes = entryOf(template["node_types"]);
  const read = readInputs(topology, entryOf(template["data_types"]), inputs);
  const { order, problems: disorder } = orderNodes(nodes);
  const problems = [...outer, ...read.problems, ...typeProblems(nodes, nodeTypes), ...disorder];
  if (problems.length > 0) return { problems };
  const walk = beginWalk({
    nodes,
    nodeTypes,
    inputs: read.values,
    declaredInputs: read.declared,
  });
  return objectsOf(walk, order);
}

/** Nothing is left out in silence: a node of another kind would be missed by whoever wrote it. */
function typeProblems(nodes: Entry, nodeTypes: Entry): readonly Problem[] {
  const names = Object.keys(nodes);
  if (names.length === 0) {
    const message = `expected a node of type ${kubernetesObject}, found none`;
    return [{ path: "topology_template.node_templates", message }];
  }
  if (names.length > limits.toscaNodesMax) {
    const message = `expected ${limits.toscaNodesMax} nodes at most, found ${names.length}`;
    return [{ path: "topology_template.node_templates", message }];
  }
  const isOurs = new Map<string, boolean>();
  return names.flatMap((name) => {
    const { type } = entryOf(nodes[name]);
    // What is no type at all has been told already.
    if (typeof type !== "string" || type === "") return [];
    const ours = isOurs.get(type) ?? lineage(type, nodeTypes).includes(kubernetesObject);
    isOurs.set(type, ours);
    if (ours) return [];
    return [
      {
        path: `${placeOf(name)}.type`,
        message: `expected ${kubernetesObject} or a type of the template that derives from it, found ${told(type)}`,
      },
    ];
  });
}

function objectsOf(walk: Walk, order: readonly string[]): Translation {
  const manifest: ManifestObject[] = [];
  const places: string[] = [];
  const problems: Problem[] = [];
  for (const name of order) {
    const path = `${placeOf(name)}.properties.spec`;
    try {
      const objects = specOf(walk, name);
      manifest.push(...objects);
      places.push(...objects.map(() => path));
    } catch (error) {
      problems.push({ path, message: faultOf(error) });
    }
  }
  // Objects are told by their number in the manifest; whoever wrote a template knows its nodes.
  const named = (text: string): string =>
    text.replace(/spec\.manifest\[(\d+)\]/g, (_all, index) => places[Number(index)] ?? "");
  for (const { field, message } of checkManifest(manifest)) {
    problems.push({ path: named(field), message: named(message) });
  }
  return problems.length > 0 ? { problems } : { manifest };
}

/** One object as a map, or a text of YAML with one or several. */
function specOf(walk: Walk, node: string): readonly ManifestObject[] {
  refuseUnknownFunction(walk, node, "spec");
  const spec = propertyOf(walk, { node, name: "spec", asYaml: true });
  if (spec === undefined) throw new ValueProblem("expected a Kubernetes object, found nothing");
  if (isEntry(spec)) return [spec];
  if (typeof spec !== "string") {
    throw new ValueProblem(`expected a Kubernetes object as YAML, found ${told(spec)}`);
  }
  const { documents } = readDocuments(spec, "the text of this node");
  if (documents.length === 0) {
    throw new ValueProblem("expected a Kubernetes object, found an empty text");
  }
  return documents.map((document) => {
    if (isEntry(document)) return document;
    throw new ValueProblem(`expected a Kubernetes object, found ${told(document)}`);
  });
}

function faultOf(error: unknown): string {
  if (error instanceof ValueProblem || isFailure(error)) return error.message;
  throw error;
}

function placeOf(node: string): string {
  return `topology_template.node_templates.${node}`;
}

/** All problems as one text, for a message. */
export function problemsText(problems: readonly Problem[]): string {
  return problems
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
}
