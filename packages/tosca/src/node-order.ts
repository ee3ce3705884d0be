import { entryOf, fieldOf, isEntry, listed, told, type Entry, type Problem } from "./entry.ts";

/**
 * The nodes in an order in which each stands behind those that it requires (TOSCA Simple Profile in YAML 1.3, section
 * 3.8.2); where nothing is said, as they are written. Without an order, `problems` says why. Pure.
 */
export function orderNodes(nodes: Entry): {
  readonly order: readonly string[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const needs = new Map<string, readonly string[]>();
  for (const [name, node] of Object.entries(nodes)) {
    const targets: string[] = [];
    for (const { path, target } of requirementsOf(name, entryOf(node))) {
      if (Object.hasOwn(nodes, target)) targets.push(target);
      else problems.push({ path, message: `there is no node ${told(target)}` });
    }
    needs.set(name, targets);
  }
  const walk: Walk = { needs, order: new Set(), way: new Map() };
  for (const name of needs.keys()) {
    const circle = visit(walk, name);
    if (circle) return { order: [...walk.order], problems: [...problems, circleProblem(circle)] };
  }
  return { order: [...walk.order], problems };
}

interface Walk {
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly order: Set<string>;
  /** The nodes that wait for what they require, each for the one behind it, with how many of these are done. */
  readonly way: Map<string, number>;
}

/** Puts a node behind all that it requires. A circle is given back: its nodes, in order. No recursion: chains may be long. */
function visit({ needs, order, way }: Walk, first: string): readonly string[] | undefined {
  const stack = [first];
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const done = way.get(name) ?? 0;
    const next = order.has(name) ? undefined : needs.get(name)?.[done];
    if (next === undefined) {
      order.add(name);
      way.delete(name);
      stack.pop();
      continue;
    }
    way.set(name, done + 1);
    if (way.has(next)) return stack.slice(stack.indexOf(next));
    if (!order.has(next)) stack.push(next);
  }
  return undefined;
}

function circleProblem(circle: readonly string[]): Problem {
  const [first = ""] = circle;
  return {
    path: `topology_template.node_templates.${first}.requirements`,
    message: `the nodes require each other in a circle: ${listed(circle)}`,
  };
}

/** Requirements are a list of one-key maps; each names its node itself, or in `node`. */
function requirementsOf(
  name: string,
  node: Entry,
): readonly { readonly path: string; readonly target: string }[] {
  const { requirements } = node;
  const list: readonly unknown[] = Array.isArray(requirements) ? requirements : [requirements];
  return list.flatMap((item, index) =>
    Object.entries(entryOf(item)).flatMap(([kind, value]) => {
      const target = isEntry(value) ? fieldOf(value, "node") : value;
      const path = `topology_template.node_templates.${name}.requirements[${index}].${kind}`;
      return typeof target === "string" ? [{ path, target }] : [];
    }),
  );
}
