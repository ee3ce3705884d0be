import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { pointAt } from "./constraint-text.ts";
import { labelFacts } from "./label-constraint-words.ts";
import { labelsSatisfy, parseLabelConstraint, type LabelConstraint } from "./label-constraint.ts";

function label(text: string): LabelConstraint {
  const parsed = parseLabelConstraint(text);
  if (!parsed.ok) throw new Error(pointAt(text, parsed));
  return parsed.constraint;
}

function holds(text: string, labels: Readonly<Record<string, string>>): boolean {
  return labelsSatisfy(label(text), labels);
}

const words = ["x", "y", "1", "2.5", "16Gi", "v1.29.3"];
const anyTerm = fc
  .tuple(
    fc.constantFrom("a", "b"),
    fc.constantFrom(
      " is x",
      " is not y",
      " in (x, 1)",
      " not in (x)",
      "",
      " exists",
      " not exists",
      " >= 2",
      " < 1Ki",
      " >= semver 1.29",
    ),
  )
  .map((parts) => parts.join(""));
const anyLabels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom(...words));

describe("a label constraint on existence", () => {
  it.each(["gpu", "gpu exists", " gpu\texists "])("written %j wants the label", (text) => {
    expect(label(text)).toEqual({ key: "gpu", operator: "exists" });
    expect([holds(text, { gpu: "no" }), holds(text, {})]).toEqual([true, false]);
  });

  it.each(["!gpu", "! gpu", "gpu not exists"])("written %j wants none", (text) => {
    expect(label(text)).toEqual({ key: "gpu", operator: "not exists" });
    expect([holds(text, { gpu: "no" }), holds(text, {})]).toEqual([false, true]);
  });

  it("leaves words their meaning as keys and as values", () => {
    expect(label("exists is exists")).toEqual({
      key: "exists",
      operator: "in",
      values: ["exists"],
    });
    expect(label("or is or")).toEqual({ key: "or", operator: "in", values: ["or"] });
    expect(label("size is gt")).toEqual({ key: "size", operator: "in", values: ["gt"] });
    expect(label("size is semver")).toEqual({ key: "size", operator: "in", values: ["semver"] });
  });
});

describe("an ordered label constraint", () => {
  it.each([
    ["gpus > 2", { gpus: "3" }, true],
    ["gpus > 2", { gpus: "2" }, false],
    ["gpus > 2", { gpus: "10" }, true],
    ["gpus>=2", { gpus: "2.0" }, true],
    ["gpus => 2", { gpus: "2" }, true],
    ["gpus < 2", { gpus: "many" }, false],
    ["gpus > 2", { gpus: "many" }, false],
    ["gpus < 2", {}, false],
    ["memory >= 16Gi", { memory: "17179869184" }, true],
    ["memory >= 16Gi", { memory: "16G" }, false],
    ["cpu < 500m", { cpu: "0.4" }, true],
    ["cpu is less than 1e3", { cpu: "1k" }, false],
    ["k8s-version >= semver 1.29", { "k8s-version": "v1.30.1" }, true],
    ["k8s-version >= semver v1.29", { "k8s-version": "1.29" }, true],
    ["k8s-version >= semver 1.9", { "k8s-version": "1.29" }, true],
    ["k8s-version >= 1.9", { "k8s-version": "1.29" }, false],
    ["k8s-version < semver 1.29", { "k8s-version": "latest" }, false],
    ["k8s-version >= semver 1.29", { "k8s-version": "1.29.0-rc.1" }, false],
    ["k8s-version >= semver 1.29.0-rc.1", { "k8s-version": "1.29.0-rc.2" }, true],
  ] as const)("%j of %j is %s", (text, labels, expected) => {
    expect(holds(text, labels as Readonly<Record<string, string>>)).toBe(expected);
  });

  it.each([
    ["gpus >", 6, "expected a number"],
    ["gpus > many", 7, 'found "many"'],
    ["gpus > 1E", 7, "expected a number"],
    ["v >= semver", 11, "expected a version"],
    ["v >= semver x", 12, "expected a version"],
    ["v >= semver 1.2.3.4", 12, "expected a version"],
    ["v = semver 1.2", 11, "expected the end"],
    ["!gpus > 2", 6, "expected the end"],
    ["!", 1, "expected a label key"],
    ["a is x or", 9, "expected a label key"],
    ["a is x or or", 12, undefined],
    ["(a is x", 7, 'expected ")"'],
    ["a is x)", 6, "expected the end"],
    ["()", 1, "expected a label key"],
    ["a is x && b", 7, "expected the end"],
  ])("%j is refused at character %i", (text, at, message) => {
    const parsed = parseLabelConstraint(text);
    // A label may be called `or`.
    if (message === undefined) return expect(parsed.ok).toBe(true);
    expect(parsed).toMatchObject({ ok: false, at });
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });
});

it("a label constraint of Krake's is read as ever, whatever words stand in it", () => {
  const words = [
    "is",
    "not",
    "in",
    "exists",
    "or",
    "and",
    "semver",
    "gt",
    "less",
    "than",
    "5",
    "x",
  ];
  const word = fc.constantFrom(...words);
  const equal = fc.constantFrom(" is ", "=", " == ", " = ");
  const other = fc.constantFrom(" is not ", "!=", " != ");
  fc.assert(
    fc.property(
      word,
      equal,
      other,
      word,
      fc.array(word, { minLength: 1 }),
      (key, yes, no, value, values) => {
        fc.pre(!(yes === " is " && value === "not"));
        const list = values.join(", ");
        expect(label(`${key}${yes}${value}`)).toEqual({ key, operator: "in", values: [value] });
        expect(label(`${key}${no}${value}`)).toEqual({ key, operator: "not in", values: [value] });
        expect(label(`${key} in (${list})`)).toEqual({ key, operator: "in", values });
        expect(label(`${key} not in (${list},)`)).toEqual({ key, operator: "not in", values });
      },
    ),
  );
});

describe("a group of label constraints", () => {
  it("binds `and` more tightly than `or`, and parentheses more tightly still", () => {
    const plain = "a is x or b is x and c is x";
    expect(holds(plain, { a: "x" })).toBe(true);
    expect(holds(`(a is x or b is x) and c is x`, { a: "x" })).toBe(false);
    expect(holds(`(a is x or b is x) and c is x`, { a: "x", c: "x" })).toBe(true);
    expect(label(plain)).toEqual(label("a is x or (b is x and c is x)"));
    expect(label("((a is x))")).toEqual(label("a is x"));
  });

  it("holds when its parts do, whatever they are", () => {
    fc.assert(
      fc.property(anyTerm, anyTerm, anyTerm, anyLabels, (one, two, three, labels) => {
        const [a, b, c] = [one, two, three].map((text) => holds(text, labels));
        expect(holds(`${one} or ${two}`, labels)).toBe(a || b);
        expect(holds(`${one} and ${two}`, labels)).toBe(a && b);
        expect(holds(`${one} and ${two} or ${three}`, labels)).toBe((a && b) || c);
        expect(holds(`${one} and (${two} or ${three})`, labels)).toBe(a && (b || c));
      }),
    );
  });

  it("of every depth is read or refused, without an end of the stack", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}a is x${")".repeat(depth)}`;
    expect(holds(nested(limits.constraintDepthMax), { a: "x" })).toBe(true);
    const deep = parseLabelConstraint(nested(100_000));
    expect(deep).toMatchObject({ ok: false, at: limits.constraintDepthMax });
  });

  it("says of every label what stands in it", () => {
    const constraint = label("a is x or (b > 2 and !c) or d >= semver 1.2");
    expect(labelFacts(constraint, { a: "y", b: "many", c: "z" })).toBe(
      "a is y, b is many, which is no number, c is z, there is no d",
    );
  });
});
