import { Environment, type ASTNode, type ParseResult } from "@marcbachmann/cel-js";
import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { quoted, wrong, type Parsed } from "./constraint-text.ts";

/**
 * Expressions about a cluster, in a part of the Common Expression Language (https://cel.dev):
 * `labels.tier == "gold" && metrics.load < 0.7 && cluster.nodes >= 3`.
 *
 * What it leaves out is what may take long or grow: regular expressions (those of JavaScript may take for ever), joined texts
 * and lists, lists that are made from lists, names for intermediate values. What is left costs a number of steps that is known
 * when it is written, and more than `expressionStepsMax` are refused.
 */

/** The cluster as an expression sees it, beside its labels and its metrics. Absent is what is not known. */
export interface ClusterFacts {
  readonly name: string;
  readonly namespace: string;
  readonly version?: string;
  readonly cpu_cores?: number;
  readonly memory_bytes?: number;
  readonly pods?: number;
  readonly nodes?: number;
  readonly nodes_ready?: number;
  readonly cpu_free_cores?: number;
  readonly memory_free_bytes?: number;
  readonly pods_free?: number;
  readonly custom_resources: readonly string[];
}

/** What an expression is worked out from. */
export interface ExpressionInput {
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: ReadonlyMap<string, number>;
  readonly cluster: ClusterFacts;
}

export type ExpressionOutcome =
  | { readonly holds: true }
  /** `problem`: it could not be worked out, in words. */
  | { readonly holds: false; readonly problem?: string };

export interface ClusterExpression {
  /** Never throws. What cannot be worked out (a label that is not there) does not hold. */
  evaluate(input: ExpressionInput): ExpressionOutcome;
  /** True when it is false whatever the cluster is like; what is found is certain, not everything is found. */
  readonly isNeverTrue: boolean;
}

const number = "double";
const clusterFields: Readonly<Record<keyof ClusterFacts, string>> = {
  name: "string",
  namespace: "string",
  version: "string",
  cpu_cores: number,
  memory_bytes: number,
  pods: number,
  nodes: number,
  nodes_ready: number,
  cpu_free_cores: number,
  memory_free_bytes: number,
  pods_free: number,
  custom_resources: "list<string>",
};

const arithmetic: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["/", (a, b) => a / b],
];

let environment: Environment | undefined;

/** Made when the first expression is read: it takes 10 ms, which the command line does not have to spare. */
function theEnvironment(): Environment {
  environment ??= newEnvironment();
  return environment;
}

function newEnvironment(): Environment {
  const created = new Environment({
    limits: {
      maxAstNodes: limits.expressionNodesMax,
      maxDepth: limits.expressionDepthMax,
      maxListElements: limits.expressionNodesMax,
      maxMapEntries: 0,
      maxCallArguments: 8,
    },
  })
    .registerType("Cluster", { fields: { ...clusterFields } })
    .registerVariable("labels", "map<string, string>")
    .registerVariable("metrics", "map<string, double>")
    .registerVariable("cluster", "Cluster");
  // People write `metrics.load == 5` and `metrics.load * 2`; strictly these numbers are of two types.
  created.registerOperator("double == int", (a: number, b: bigint) => a === Number(b));
  for (const [sign, work] of arithmetic) {
    created.registerOperator(`double ${sign} int`, (a: number, b: bigint) => work(a, Number(b)));
    created.registerOperator(`int ${sign} double`, (a: bigint, b: number) => work(Number(a), b));
  }
  return created;
}

/** Reads and checks an expression. The position of a refusal is that of the character, from 0. Pure. */
export function parseClusterExpression(text: string): Parsed<ClusterExpression> {
  if (text.length > limits.expressionCharsMax) {
    const message = `expected at most ${limits.expressionCharsMax} characters`;
    return wrong(limits.expressionCharsMax, message);
  }
  try {
    const parsed = theEnvironment().parse(text);
    const refusal = refusedCall(parsed.ast);
    if (refusal) return refusal;
    const checked = parsed.check();
    if (!checked.valid) return problemOf(checked.error);
    if (checked.type !== "bool") {
      return wrong(0, `expected true or false, found ${checked.type ?? "a value"}`);
    }
    const joined = joinedAt(parsed.ast);
    if (joined !== undefined) return wrong(joined, "texts and lists cannot be joined here");
    if (stepsOf(parsed.ast) > limits.expressionStepsMax) {
      return wrong(0, "it could take too long: a list is walked through within another");
    }
    return { ok: true, constraint: expressionOf(parsed) };
  } catch (error) {
    return problemOf(error);
  }
}

function expressionOf(parsed: ParseResult): ClusterExpression {
  const evaluate = (input: Partial<ExpressionInput>): ExpressionOutcome => {
    const { stackTraceLimit } = Error;
    // A label that is missing is an error to the library, for each cluster; where in its code is most of the cost.
    Error.stackTraceLimit = 0;
    try {
      return parsed(input) === true ? { holds: true } : { holds: false };
    } catch (error) {
      return { holds: false, problem: problemInWords(error) };
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
  // Without variables only what depends on none of them has a value.
  const blind = evaluate({});
  return { evaluate, isNeverTrue: !blind.holds && blind.problem === undefined };
}

/** What the library found wrong: its summary and the place. Its message has the text in it, on several lines. */
interface Located {
  readonly code?: string;
  readonly summary?: string;
  readonly range?: { readonly start: number };
}

function problemOf(error: unknown): ReturnType<typeof wrong> {
  const { summary, range } = error instanceof Error ? (error as Located) : {};
  return wrong(range?.start ?? 0, oneLine(summary ?? messageOf(error)));
}

function problemInWords(error: unknown): string {
  const { code, summary } = error instanceof Error ? (error as Located) : {};
  const text = oneLine(summary ?? messageOf(error));
  return code === "no_such_key" ? text.replace("No such key: ", "there is no ") : text;
}

function oneLine(text: string): string {
  const line = text.split("\n", 1)[0]!;
  return line.length > limits.expressionCharsMax ? quoted(line) : line;
}

const functions: ReadonlySet<string> = new Set(["has", "size", "double", "int", "string", "bool"]);
const methods: ReadonlySet<string> = new Set([
  "all",
  "exists",
  "exists_one",
  "size",
  "startsWith",
  "endsWith",
  "contains",
  "lowerAscii",
  "upperAscii",
]);
const quantifiers: ReadonlySet<string> = new Set(["all", "exists", "exists_one"]);

/** The first call of what there is not, in the order in which it is written. */
function refusedCall(ast: ASTNode): ReturnType<typeof wrong> | undefined {
  for (const node of nodesOf(ast)) {
    if (node.op !== "call" && node.op !== "rcall") continue;
    const name = node.args[0];
    if ((node.op === "call" ? functions : methods).has(name)) continue;
    if (name === "matches") {
      const others = "use startsWith, endsWith, contains or in";
      return wrong(node.pos, `there are no regular expressions here; ${others}`);
    }
    const there = node.op === "call" ? functions : methods;
    return wrong(node.pos, `there is no ${quoted(name)} here; there is ${[...there].join(", ")}`);
  }
  return undefined;
}

/** Where texts or lists are put together, after the types are known: what grows is not bounded by what was written. */
function joinedAt(ast: ASTNode): number | undefined {
  for (const node of nodesOf(ast)) {
    if (node.op !== "+") continue;
    const type = (node as { readonly checkedType?: { readonly name: string } }).checkedType?.name;
    if (type !== "int" && type !== "double") return node.pos;
  }
  return undefined;
}

/** How many steps it takes at most, with lists of a size that clusters hardly reach. */
function stepsOf(node: ASTNode): number {
  const parts = childrenOf(node);
  const sum = 1 + parts.reduce((steps, part) => steps + stepsOf(part), 0);
  if (node.op === "rcall" && quantifiers.has(node.args[0])) {
    const [, receiver, [, body]] = node.args;
    return 1 + stepsOf(receiver) + sizeOf(receiver) * (body ? stepsOf(body) : 1);
  }
  const isWalk = node.op === "in" || node.op === "==" || node.op === "!=";
  return isWalk ? sum + Math.max(...parts.map(sizeOf)) : sum;
}

/** How many elements it has, where it is a list or a map; of others 1. */
function sizeOf(node: ASTNode): number {
  if (node.op === "list") return node.args.length;
  const type = (node as { readonly checkedType?: { readonly name: string } }).checkedType?.name;
  const isMany = type === undefined || type.startsWith("list") || type.startsWith("map");
  return isMany ? limits.expressionListElements : 1;
}

function nodesOf(node: ASTNode): readonly ASTNode[] {
  return [node, ...childrenOf(node).flatMap(nodesOf)];
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "!_":
    case "-_":
      return [node.args];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    default:
      return node.args;
  }
}
