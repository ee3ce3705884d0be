import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsMatch } from "@octoplane/kinds/label-selector";
import { decide } from "../decide.ts";
import { application, candidate, detail, snapshot } from "../testing/facts.ts";
import { neighbourFacts } from "./neighbour-facts.ts";
import { requirementsOf, standingOf } from "./standing.ts";
import { StandingBook } from "./standing-book.ts";

const regions = ["eu", "eu", "us", "us", undefined] as const;
const world = regions.map((region, index) =>
  candidate({ name: `c${index}`, labels: region === undefined ? {} : { region } }),
);
const regionOf = (name: string): string | undefined => regions[Number(name.slice(1))];

const selector = fc.constantFrom("app=x", "app=y", "app", "");
const by = fc.constantFrom(undefined, "region");
const rule = fc.record({ sort: fc.constantFrom("together", "apart"), selector, by });
const newcomer = fc.record({
  app: fc.constantFrom("x", "y"),
  rules: fc.array(rule, { maxLength: 2 }),
  spread: fc.boolean(),
});

describe("applications that come one after the other", () => {
  it("stand where each of their own rules held, and apart from those who asked for it", () => {
    fc.assert(
      fc.property(fc.array(newcomer, { maxLength: 12 }), (newcomers) => {
        const book = new StandingBook();
        const stands: {
          app: string;
          on: string;
          apart: readonly (typeof newcomers)[0]["rules"][0][];
        }[] = [];
        for (const [index, { app: label, rules, spread }] of newcomers.entries()) {
          const name = `a${index}`;
          const applications = rules.map(({ sort, selector: text, by: place }) => ({
            ...(sort === "apart" ? { apart: text } : { together: text }),
            ...(place === undefined ? {} : { by: place }),
          }));
          const more = {
            applications,
            ...(spread ? { spread: [{ by: "region", max_skew: 1 }] } : {}),
          };
          const app = application({ name, appLabels: { app: label }, more });
          const neighbours = neighbourFacts(app, book);
          const { chosen } = decide(
            app,
            { ...snapshot(world), ...(neighbours && { neighbours }) },
            detail,
          );
          if (chosen === null) continue;
          const near = (other: string, place: string | undefined): boolean =>
            place === undefined
              ? other === chosen.name
              : regionOf(other) !== undefined && regionOf(other) === regionOf(chosen.name);
          for (const { sort, selector: text, by: place } of rules) {
            const wanted = requirementsOf(text)!;
            const those = stands.filter((one) => labelsMatch(wanted, { app: one.app }));
            const there = those.filter(({ on }) => near(on, place)).length;
            if (sort === "apart") expect(there).toBe(0);
            else if (those.length > 0) expect(there).toBeGreaterThan(0);
            else expect(labelsMatch(wanted, { app: label })).toBe(true);
          }
          for (const other of stands) {
            for (const { selector: text, by: place } of other.apart) {
              const isMeant = labelsMatch(requirementsOf(text)!, { app: label });
              if (isMeant) expect(near(other.on, place)).toBe(false);
            }
          }
          if (spread) {
            const group = stands.filter((one) => one.app === label);
            const count = (region: string): number =>
              group.filter(({ on }) => regionOf(on) === region).length;
            const own = regionOf(chosen.name)!;
            expect(count(own) + 1 - Math.min(count("eu"), count("us"))).toBeLessThanOrEqual(1);
          }
          book.put(`n/${name}`, standingOf(`n/${name}`, app, [chosen.name]));
          const apart = rules.filter(({ sort }) => sort === "apart");
          stands.push({ app: label, on: chosen.name, apart });
        }
      }),
      { numRuns: 300 },
    );
  });
});
