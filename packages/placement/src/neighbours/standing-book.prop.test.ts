import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsMatch } from "@octoplane/kinds/label-selector";
import { application } from "../testing/facts.ts";
import { requirementsOf, standingOf, type Standing } from "./standing.ts";
import { StandingBook } from "./standing-book.ts";

const value = fc.constantFrom("x", "y");
const anyLabels = fc.dictionary(fc.constantFrom("app", "tier"), value);
const anySelector = fc.constantFrom(
  "",
  "app=x",
  "app=y,tier=x",
  "app!=x",
  "tier",
  "!tier",
  "app in (x,y)",
  "tier notin (y)",
);
const anyCluster = fc.constantFrom("a", "b", "__proto__");
const anyStanding = fc.record({
  labels: anyLabels,
  on: fc.uniqueArray(anyCluster, { maxLength: 2 }),
  apart: fc.array(fc.record({ apart: anySelector, by: fc.constantFrom(undefined, "zone") })),
});
const anyChange = fc.record({
  name: fc.constantFrom("one", "two", "three", "four"),
  standing: fc.option(anyStanding, { nil: undefined }),
});

function standing(
  name: string,
  facts: typeof anyStanding extends fc.Arbitrary<infer T> ? T : never,
) {
  const applications = facts.apart.map(({ apart, by }) => (by ? { apart, by } : { apart }));
  const app = application({ name, appLabels: facts.labels, more: { applications } });
  return standingOf(`n/${name}`, app, facts.on);
}

describe("the book of what stands where", () => {
  it("says after any changes what a look at all applications says", () => {
    fc.assert(
      fc.property(fc.array(anyChange), anySelector, anyLabels, (changes, selector, labels) => {
        const book = new StandingBook();
        const all = new Map<string, Standing>();
        for (const { name, standing: facts } of changes) {
          const next = facts && standing(name, facts);
          book.put(`n/${name}`, next);
          if (next) all.set(name, next);
          else all.delete(name);
        }
        const requirements = requirementsOf(selector)!;
        for (const own of ["one", "nobody"]) {
          const others = [...all].filter(([name]) => name !== own).map(([, one]) => one);
          const counts = new Map<string, number>();
          for (const other of others) {
            if (!labelsMatch(requirements, other.labels)) continue;
            for (const name of other.clusters) counts.set(name, (counts.get(name) ?? 0) + 1);
          }
          const counted = book.count("n", requirements, `n/${own}`);
          expect(new Map(Object.entries(counted))).toEqual(counts);
          const kept = new Set<string>();
          for (const other of others) {
            for (const { requirements: wanted, by } of other.keepsAway) {
              if (!labelsMatch(wanted, labels)) continue;
              for (const name of other.clusters) kept.add(`${by ?? ""} ${name}`);
            }
          }
          const told = book
            .keptAway("n", labels, `n/${own}`)
            .flatMap(({ by, clusters }) =>
              Object.keys(clusters).map((name) => `${by ?? ""} ${name}`),
            );
          expect(new Set(told)).toEqual(kept);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("answers about one group of many without a look at the others", () => {
    const book = new StandingBook();
    for (let index = 0; index < 20_000; index += 1) {
      const app = application({ name: `a${index}`, appLabels: { app: `g${index % 1_000}` } });
      book.put(`n/a${index}`, standingOf(`n/a${index}`, app, [`c${index % 100}`]));
    }
    const requirements = requirementsOf("app=g7")!;
    const began = performance.now();
    for (let turn = 0; turn < 1_000; turn += 1) book.count("n", requirements, "n/a7");
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(book.count("n", requirements, "n/a7")).toEqual({ c7: 19 });
  });
});
