import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsMatch, parseLabelSelector, type LabelRequirement } from "./label-selector.ts";

function matches(text: string, labels: Readonly<Record<string, string>>): boolean {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw new Error(`${parsed.at}: ${parsed.message}`);
  return labelsMatch(parsed.constraint, labels);
}

describe("a label selector", () => {
  const labels = { a: "1", tier: "web", "example.org/part": "x" };

  it.each([
    ["", true],
    ["  ", true],
    ["a", true],
    ["b", false],
    ["!a", false],
    ["! b", true],
    ["a=1", true],
    ["a == 1", true],
    ["a=2", false],
    ["a=", false],
    ["a!=", true],
    ["a!=1", false],
    ["a!=2", true],
    ["b!=2", true],
    ["tier in (db, web)", true],
    ["tier in(db)", false],
    ["tier notin (db)", true],
    ["tier notin (web)", false],
    ["b notin (web)", true],
    ["example.org/part=x,a,!b,tier in (web)", true],
    ["example.org/part=x,a,b", false],
    ["toString", false],
    ["!toString", true],
    ["in notin (in)", true],
  ])("%j is %s", (text, expected) => {
    expect(matches(text, labels)).toBe(expected);
  });

  it.each([
    ["a,", 2],
    [",a", 0],
    ["a,,b", 2],
    ["=1", 0],
    ["a b", 2],
    ["a=1 b=2", 4],
    ["a in b", 5],
    ["a in", 4],
    ["a in ()", 6],
    ["a in (b", 7],
    ["a in (b c)", 8],
    ["a in (b,)", 8],
    ["!a=1", 2],
    ["!", 1],
    ["a>1", 0],
    ["a=-", 2],
    ["a==!", 3],
    ["a not in (b)", 2],
  ])("%j is wrong at %i", (text, at) => {
    expect(parseLabelSelector(text)).toMatchObject({ ok: false, at });
  });

  const word = fc.stringMatching(/^[a-z](?:[a-z0-9.-]{0,8}[a-z0-9])?$/);
  const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
    fc.record({
      key: word,
      operator: fc.constantFrom("in" as const, "notin" as const),
      values: fc.array(word, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      key: word,
      operator: fc.constantFrom("exists" as const, "!exists" as const),
      values: fc.constant([]),
    }),
  );
  const write = ({ key, operator, values }: LabelRequirement): string => {
    if (operator === "exists") return key;
    return operator === "!exists" ? `!${key}` : `${key} ${operator} (${values.join(",")})`;
  };

  it("that was written from requirements is read as them", () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (requirements) => {
        const text = requirements.map(write).join(", ");
        expect(parseLabelSelector(text)).toEqual({ ok: true, constraint: requirements });
      }),
    );
  });

  it("and its negation never both hold, and one of them does", () => {
    fc.assert(
      fc.property(word, word, fc.dictionary(word, word), (key, value, held) => {
        expect(matches(`${key}=${value}`, held)).toBe(!matches(`${key}!=${value}`, held));
        expect(matches(key, held)).toBe(!matches(`!${key}`, held));
      }),
    );
  });

  it("of any text is read or refused at a place in it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseLabelSelector(text);
        if (parsed.ok) return;
        expect(parsed.at).toBeGreaterThanOrEqual(0);
        expect(parsed.at).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
