import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { parseClusterExpression, type ExpressionInput } from "./cluster-expression.ts";

const berlin: ExpressionInput = {
  labels: { location: "DE", gpus: "5", tier: "gold" },
  metrics: new Map([
    ["load", 0.5],
    ["price", 5],
  ]),
  cluster: {
    name: "berlin",
    namespace: "team",
    version: "v1.29.3",
    nodes: 3,
    cpu_free_cores: 1.5,
    custom_resources: ["certificates.cert-manager.io", "prometheuses.monitoring.coreos.com"],
  },
};

function outcome(text: string, input = berlin) {
  const parsed = parseClusterExpression(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`);
  return parsed.constraint.evaluate(input);
}

function refusal(text: string): { readonly at: number; readonly message: string } {
  const parsed = parseClusterExpression(text);
  if (parsed.ok) throw new Error(`${text} was read`);
  return { at: parsed.at, message: parsed.message };
}

/** Long enough for a busy machine, and far from what a runaway takes. */
function quickly<T>(work: () => T): T {
  const began = performance.now();
  const result = work();
  expect(performance.now() - began).toBeLessThan(10_000);
  return result;
}

describe("an expression about a cluster", () => {
  it.each([
    'labels.location == "DE" && metrics.load < 0.7',
    'labels["location"] in ["DE", "SK"]',
    "metrics.price == 5 && 5 == metrics.price && metrics.price != 4",
    "metrics.load * 2 <= 1 && 2 * metrics.load >= 1.0 && metrics.price / 2 > 2",
    "double(labels.gpus) > 4 && int(labels.gpus) == 5",
    "cluster.nodes >= 3 && cluster.cpu_free_cores > 1",
    'cluster.custom_resources.exists(name, name.endsWith(".coreos.com"))',
    '"certificates.cert-manager.io" in cluster.custom_resources',
    '!has(labels.zone) || labels.zone == "a"',
    'has(cluster.version) && cluster.version.startsWith("v1.29")',
    'labels.exists(key, labels[key] == "gold") && labels.size() == 3',
    '(labels.tier == "gold" ? metrics.load < 1.0 : false)',
    'labels.zone == "a" || labels.tier.upperAscii() == "GOLD"',
  ])("%s is true of berlin", (text) => {
    expect(outcome(text)).toEqual({ holds: true });
  });

  it("does not hold when it is false, or cannot be worked out, and then says why", () => {
    expect(outcome("metrics.load > 0.7")).toEqual({ holds: false });
    expect(outcome('labels.zone == "a"')).toEqual({ holds: false, problem: "there is no zone" });
    expect(outcome('labels.zone != "a"')).toMatchObject({ holds: false });
    expect(outcome("metrics.wind > 1.0")).toMatchObject({ problem: "there is no wind" });
    expect(outcome("cluster.pods_free > 1")).toMatchObject({ problem: "there is no pods_free" });
    expect(outcome("int(labels.tier) > 1")).toMatchObject({
      problem: expect.stringContaining("cannot convert to int"),
    });
    expect(outcome("1 / 0 > 1")).toMatchObject({ problem: "division by zero" });
  });

  it("sees no label but those of the cluster, whatever they are called", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(outcome(`has(labels.${name})`)).toEqual({ holds: false });
      expect(outcome(`"${name}" in labels`)).toEqual({ holds: false });
      expect(outcome(`labels.${name} == "x"`)).toMatchObject({ holds: false });
    }
  });
});

describe("an expression is refused at its position when it", () => {
  it.each([
    ["does not parse", "metrics.load >", 14, "Unexpected token"],
    ["is empty", "", 0, "Unexpected token"],
    ["names a variable that there is not", "load < 5", 0, "Unknown variable: load"],
    ["names a field that clusters do not have", "true && cluster.colour == 1", 16, "colour"],
    ["compares what cannot be compared", 'metrics.load < "5"', 0, "no such overload"],
    ["gives a text", "labels.tier", 0, "expected true or false, found string"],
    ["gives a number", "cluster.nodes + 1", 0, "expected true or false, found double"],
    ["calls what there is not", "now() > 1", 0, 'there is no "now" here'],
    ["has a regular expression", 'labels.tier.matches("(a+)+$")', 0, "no regular expressions"],
    ["gives names to values", "cel.bind(a, 1, a == 1)", 0, 'there is no "bind" here'],
    ["makes lists", "[1].map(x, x).size() > 0", 0, 'there is no "map" here'],
    ["joins texts", 'labels.tier + "x" == "goldx"', 0, "cannot be joined"],
    ["joins lists", "1 in [1] + [2]", 0, "cannot be joined"],
    ["walks a list in a list", "labels.all(a, labels.all(b, a == b))", 0, "too long"],
    ["looks into a list for each of a list", "labels.all(a, a in labels)", 0, "too long"],
    ["has maps", "{1: 2}.size() > 0", 0, "Exceeded"],
    ["is too deep", `${"(".repeat(500)}true${")".repeat(500)}`, 0, "Exceeded maxDepth"],
    ["has too many parts", `1 in [${"1,".repeat(300)}1]`, 0, "Exceeded max"],
    ["is too long", `"${"a".repeat(2_000)}" == labels.tier`, limits.expressionCharsMax, "at most"],
  ])("%s", (_what, text, at, message) => {
    const refused = quickly(() => refusal(text));
    expect(refused.message).toContain(message);
    expect(refused.message).not.toContain("\n");
    if (at > 0) expect(refused.at).toBe(at);
  });

  it("is nested without end", () => {
    for (const [open, close] of [
      ["(", ")"],
      ["[", "]"],
      ["!", ""],
      ["-", ""],
      ["labels[", "]"],
      ["has(", ")"],
      ["true ? ", ""],
    ] as const) {
      quickly(() => refusal(`${open.repeat(120)}1${close.repeat(120)}`));
    }
  });
});

describe("whatever is written", () => {
  const brackets = ["(", ")", "[", "]", ".all(x, ", ".exists(y, ", "has(", "size(", ".matches("];
  const names = [
    "labels",
    "metrics",
    "cluster",
    "tier",
    "load",
    "custom_resources",
    "x",
    ".size()",
  ];
  const others = [".", "&&", "||", "!", "<", "==", "+", "-", "in", "?", ":", "1", "2.5", '"a"'];
  const odd = ["true", "\n", "{", "\\", "é"];
  const word = fc.constantFrom(...brackets, ...names, ...others, ...odd);

  it("is read and worked out soon, or refused, and nothing is thrown", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const parsed = parseClusterExpression(words.join(" "));
        if (parsed.ok) quickly(() => parsed.constraint.evaluate(berlin));
        else expect(parsed.message.length).toBeLessThan(2_000);
      }),
      { numRuns: 500 },
    );
  });

  it("is never true only if no cluster makes it true", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const parsed = parseClusterExpression(words.join(" "));
        if (!parsed.ok || !parsed.constraint.isNeverTrue) return;
        expect(parsed.constraint.evaluate(berlin).holds).toBe(false);
      }),
    );
    for (const [text, never] of [
      ["1 == 2", true],
      ['false && labels.tier == "gold"', true],
      ['labels.tier == "none"', false],
      ["has(labels.none)", false],
      ["true", false],
    ] as const) {
      const parsed = parseClusterExpression(text);
      expect(parsed.ok && parsed.constraint.isNeverTrue).toBe(never);
    }
  });

  it("takes a moment at most on the largest cluster", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `kind${index}.example.org`);
    const large = { ...berlin, cluster: { ...berlin.cluster, custom_resources: many } };
    const text = 'cluster.custom_resources.all(x, x.size() > 3 && x.contains("kind") && x != "a")';
    expect(quickly(() => outcome(text, large))).toEqual({ holds: true });
  });
});
