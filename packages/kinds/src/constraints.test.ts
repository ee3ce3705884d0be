import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkConstraints } from "./constraints.ts";
import { pointAt } from "./constraint-text.ts";
import { labelsSatisfy, parseLabelConstraint, type LabelConstraint } from "./label-constraint.ts";
import {
  metricSatisfies,
  parseMetricConstraint,
  type MetricConstraint,
} from "./metric-constraint.ts";

function label(text: string): LabelConstraint {
  const parsed = parseLabelConstraint(text);
  if (!parsed.ok) throw new Error(pointAt(text, parsed));
  return parsed.constraint;
}

function metric(text: string): MetricConstraint {
  const parsed = parseMetricConstraint(text);
  if (!parsed.ok) throw new Error(pointAt(text, parsed));
  return parsed.constraint;
}

const blanks = fc.stringMatching(/^[ \t]{0,2}$/);
const gap = fc.stringMatching(/^[ \t]{1,2}$/);
const labelKey = fc.stringMatching(
  /^([a-z][a-z0-9.]{0,8}[a-z]\/)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,9}[a-z0-9_])?$/,
);
const labelValue = fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,9}[A-Za-z0-9_])?$/);

describe("a label constraint", () => {
  it.each([
    ["location is DE", "location", "in", ["DE"]],
    ["location = DE", "location", "in", ["DE"]],
    ["location=DE", "location", "in", ["DE"]],
    ["location == DE", "location", "in", ["DE"]],
    ["location==DE", "location", "in", ["DE"]],
    ["location is not DE", "location", "not in", ["DE"]],
    ["location != DE", "location", "not in", ["DE"]],
    ["location!=DE", "location", "not in", ["DE"]],
    ["location in (DE,)", "location", "in", ["DE"]],
    ["location in (DE)", "location", "in", ["DE"]],
    ["location in(DE,SK , CZ)", "location", "in", ["DE", "SK", "CZ"]],
    ["location in (DE,,,)", "location", "in", ["DE"]],
    ["location not in (DE, SK)", "location", "not in", ["DE", "SK"]],
    [" \tlocation \t is\tnot   DE ", "location", "not in", ["DE"]],
    ["krake.example.org/zone is a.b-c_1", "krake.example.org/zone", "in", ["a.b-c_1"]],
    ["is is is", "is", "in", ["is"]],
    ["in in (in, not)", "in", "in", ["in", "not"]],
  ] as const)("written %j is read", (text, key, operator, values) => {
    expect(label(text)).toEqual({ key, operator, values });
  });

  it.each([
    ["", 0, "expected a label key"],
    ["   ", 0, "expected a label key"],
    ["location and", 12, "expected a label key"],
    ["location DE", 9, "expected one of"],
    ["location <> DE", 10, 'expected a number, or "semver" and a version, found ">"'],
    ["location is", 11, "expected a value"],
    ["location is not", 15, "expected a value"],
    ["location is D$E", 12, 'expected a label value, found "D$E"'],
    ["location is DE SK", 15, 'expected the end, "and" or "or", found "SK"'],
    ["location === DE", 11, "expected a label value"],
    ["location in DE", 12, 'expected "("'],
    ["location in ()", 13, "expected a label value"],
    ["location in (DE", 15, 'expected "," or ")"'],
    ["location in (DE,", 16, 'expected a value or ")"'],
    ["location in (DE SK)", 16, 'expected "," or ")"'],
    ["location in (DE) SK", 17, "expected the end"],
    ["location not (DE)", 9, "expected one of"],
    ["-location is DE", 0, "expected a label key"],
    ["a/b/c is DE", 0, "expected a label key"],
    ["location\nis DE", 0, "expected a label key"],
    [`location is ${"x".repeat(64)}`, 12, "expected a label value"],
  ])("written %j is refused at character %i", (text, at, message) => {
    const parsed = parseLabelConstraint(text);
    expect(parsed).toMatchObject({ ok: false, at });
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  it("is the same whatever blanks stand in it", () => {
    const set = fc.tuple(
      labelKey,
      fc.boolean(),
      fc.array(labelValue, { minLength: 1 }),
      gap,
      blanks,
    );
    fc.assert(
      fc.property(set, ([key, negative, values, wide, any]) => {
        const operator = negative ? `not${wide}in` : "in";
        const text = `${any}${key}${wide}${operator}${any}(${any}${values.join(`${any},${any}`)}${any})${any}`;
        expect(label(text)).toEqual({ key, operator: negative ? "not in" : "in", values });
      }),
    );
  });

  it("never holds for a label that is missing, and holds or its opposite does for one that is there", () => {
    fc.assert(
      fc.property(
        labelKey,
        fc.array(labelValue, { minLength: 1 }),
        labelValue,
        (key, values, value) => {
          const positive: LabelConstraint = { key, operator: "in", values };
          const negative: LabelConstraint = { key, operator: "not in", values };
          expect(labelsSatisfy(positive, {}) || labelsSatisfy(negative, {})).toBe(false);
          const labels = Object.fromEntries([[key, value]]);
          expect(labelsSatisfy(positive, labels)).toBe(values.includes(value));
          expect(labelsSatisfy(negative, labels)).toBe(!values.includes(value));
        },
      ),
    );
  });

  it("does not take what every object has for a label", () => {
    expect(labelsSatisfy(label("constructor is not x"), {})).toBe(false);
    expect(labelsSatisfy(label("toString is not x"), {})).toBe(false);
  });
});

describe("a metric constraint", () => {
  const spellings = {
    "==": ["==", "=", " is ", " equals ", " equal to ", " is equal to "],
    "!=": ["!=", " is not ", " not equal to ", " is not equal to "],
    ">": [">", " gt ", " greater than ", " is greater than "],
    ">=": [">=", "=>", " gte ", " greater than or equal ", " greater than or equal to "],
    "<": ["<", " lt ", " lesser than ", " less than ", " is less than "],
    "<=": ["<=", "=<", " lte ", " lesser than or equal ", " less than or equal to "],
  } as const;
  const cases = Object.entries(spellings).flatMap(([operator, texts]) =>
    texts.flatMap((text) => [
      [`load${text}5`, operator],
      [`load  ${text}\t5`, operator],
    ]),
  );

  it.each(cases)("written %j is read as %s", (text, operator) => {
    expect(metric(text)).toEqual({ metric: "load", operator, value: 5 });
  });

  it.each([
    ["load > 0.5", 0.5],
    ["load>-1", -1],
    ["load > +.5", 0.5],
    ["load > 1e3", 1_000],
    ["load > 5.", 5],
  ])("has a number such as in %j", (text, value) => {
    expect(metric(text)).toEqual({ metric: "load", operator: ">", value });
  });

  it.each([
    ["", 0, "expected the name of a metric"],
    ["load", 4, "expected one of"],
    ["load 5", 5, "expected one of"],
    ["> 5", 0, "expected the name of a metric"],
    ["load > ", 7, "expected a number"],
    ["load > high", 7, "expected a number"],
    ["load > 1e400", 7, "expected a number"],
    ["load > 0x10", 7, "expected a number"],
    ["load > Infinity", 7, "expected a number"],
    ["load > 5 6", 9, 'expected the end, found "6"'],
    ["load greater 5", 5, "expected one of"],
    ["load constructor 5", 5, "expected one of"],
    ["load __proto__ 5", 5, "expected one of"],
    ["load toString", 5, "expected one of"],
    ["load in (5)", 5, "expected one of"],
  ])("written %j is refused at character %i", (text, at, message) => {
    const parsed = parseMetricConstraint(text);
    expect(parsed).toMatchObject({ ok: false, at });
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  it("compares as its operator says", () => {
    const number = fc.constantFrom(-1.5, 0, 0.5, 1, 2);
    fc.assert(
      fc.property(number, number, (value, limit) => {
        const holds = (operator: string) =>
          metricSatisfies(metric(`m ${operator} ${limit}`), value);
        expect(holds(">")).toBe(!holds("<="));
        expect(holds("<")).toBe(!holds(">="));
        expect(holds("=")).toBe(!holds("!="));
        expect(holds(">=")).toBe(holds(">") || holds("="));
      }),
    );
  });
});

describe("any text as a constraint", () => {
  const words = ["is", "not", "in", "(", ")", ",", "=", "!", "<", ">", "gt", "DE", "5", " ", "\t"];
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom(...words, ...words.map((word) => `${word} `)))
      .map((all) => all.join("")),
  );

  it.each([parseLabelConstraint, parseMetricConstraint])(
    "is read or refused at a place within it, by %o",
    (parse) => {
      fc.assert(
        fc.property(text, (input) => {
          const parsed = parse(input);
          if (parsed.ok) return;
          expect(parsed.at).toBeGreaterThanOrEqual(0);
          expect(parsed.at).toBeLessThanOrEqual(input.length);
          const caret = pointAt(input, parsed).split("\n")[2] ?? "";
          expect(caret.trim()).toBe("^");
        }),
      );
    },
  );
});

describe("the message about a wrong constraint", () => {
  it("names the field and points at the character", () => {
    const texts = { labels: ["a is b", "location DE"], metrics: ["load >> 5"] };
    expect(checkConstraints("spec.constraints.cluster", texts)).toEqual([
      {
        field: "spec.constraints.cluster.labels[1]",
        message:
          "Invalid label constraint: expected one of: = == is, != is not, in, not in, exists, not exists, > >= < <=\n" +
          "  location DE\n" +
          "           ^",
      },
      {
        field: "spec.constraints.cluster.metrics[0]",
        message: "Invalid metric constraint: expected a number\n  load >> 5\n        ^",
      },
    ]);
    expect(checkConstraints("x", { labels: null, metrics: null })).toEqual([]);
  });

  it("shows of a long text what surrounds the character, and moves no caret", () => {
    const text = `location\tin (${"DE, ".repeat(100_000)}`;
    const parsed = parseLabelConstraint(text);
    const lines = (parsed.ok ? "" : pointAt(text, parsed)).split("\n");
    expect(lines.length).toBe(3);
    expect(lines.join("").length).toBeLessThan(500);
    expect(lines[1]).toMatch(/^  \.\.\./);
    const word = parseLabelConstraint(`location is ${"x".repeat(1_000_000)}`);
    expect(word.ok ? "" : word.message).toHaveLength(115);
  });
});
