import { describe, expect, it } from "vitest";
import type { NeighbourRule, SpreadRule } from "@octoplane/kinds/neighbour-rule";
import { decide } from "../decide.ts";
import { application, candidate, detail, snapshot, type AppFacts } from "../testing/facts.ts";
import { neighbourFacts } from "./neighbour-facts.ts";
import { standingOf } from "./standing.ts";
import { StandingBook } from "./standing-book.ts";

interface Other {
  readonly labels?: Readonly<Record<string, string>>;
  readonly on: string;
  readonly rules?: readonly NeighbourRule[];
}

const labels = { de1: "eu", de2: "eu", us: "us", none: undefined } as const;
const world = Object.entries(labels).map(([name, region]) =>
  candidate({ name, labels: region === undefined ? {} : { region } }),
);

/** Decides with others that stand somewhere; the application itself too, when it does. */
function decided(
  facts: AppFacts & { readonly rules?: readonly NeighbourRule[]; spread?: readonly SpreadRule[] },
  others: Readonly<Record<string, Other>>,
  candidates = world,
) {
  const { rules, spread, ...rest } = facts;
  const more = {
    ...(rules && { applications: [...rules] }),
    ...(spread && { spread: [...spread] }),
  };
  const app = application({ ...rest, more });
  const book = new StandingBook();
  for (const [name, { on, labels: own = {}, rules: theirs = [] }] of Object.entries(others)) {
    const other = application({ name, appLabels: own, more: { applications: [...theirs] } });
    book.put(`n/${name}`, standingOf(`n/${name}`, other, [on]));
  }
  if (facts.on) book.put("n/app", standingOf("n/app", app, [facts.on]));
  const neighbours = neighbourFacts(app, book);
  const decision = decide(
    app,
    { ...snapshot(candidates), ...(neighbours && { neighbours }) },
    detail,
  );
  const verdicts = decision.candidates.map((row) => {
    const verdict = row.verdicts.find(({ filter }) => filter === "neighbours");
    return [row.cluster.name, verdict?.fits === false ? verdict.message : "fits"];
  });
  return {
    chosen: decision.chosen?.name,
    outcome: decision.outcome,
    verdicts: Object.fromEntries(verdicts) as Record<string, string>,
    parts: decision.candidates[0]?.parts,
  };
}

const db = { labels: { tier: "db" } };

describe("together", () => {
  it("is the cluster where one of them stands, or any with the same value of a label", () => {
    const others = { db: { ...db, on: "us" } };
    const here = decided({ rules: [{ together: "tier=db" }] }, others);
    expect(here.chosen).toBe("us");
    expect(here.verdicts["de1"]).toBe(
      '"together with tier=db" does not hold: none of them stands on this cluster',
    );
    const near = decided(
      { rules: [{ together: "tier=db", by: "region" }] },
      { db: { ...db, on: "de2" } },
    );
    expect(near).toMatchObject({
      chosen: "de1",
      verdicts: {
        us: '"together with tier=db by region" does not hold: none of them stands in region us',
        none: '"together with tier=db by region" wants a label region',
      },
    });
  });

  it("waits for those who stand nowhere, unless it is one of them itself: then it goes first", () => {
    expect(decided({ rules: [{ together: "tier=db" }] }, {}).outcome).toBe("unplaceable");
    const first = { rules: [{ together: "tier=db" }], appLabels: { tier: "db" } };
    expect(decided(first, {}).chosen).toBe("de1");
    expect(decided(first, { db: { ...db, on: "us" } }).chosen).toBe("us");
  });

  it("is not kept with those on a cluster that is drained or gone: a group leaves one after the other", () => {
    const candidates = [candidate({ name: "a", drain: true }), candidate({ name: "b" })];
    const rules = [{ together: "shop=1" }];
    const others = { other: { labels: { shop: "1" }, on: "a", rules } };
    const facts = { rules, appLabels: { shop: "1" }, on: "a" };
    expect(decided(facts, others, candidates)).toMatchObject({ outcome: "moved", chosen: "b" });
    expect(decided({ rules, on: "a" }, others, candidates).outcome).toBe("unplaceable");
  });

  it("follows those who have moved", () => {
    const rules = [{ together: "tier=db" }];
    expect(decided({ rules, on: "de1" }, { db: { ...db, on: "us" } })).toMatchObject({
      outcome: "moved",
      chosen: "us",
    });
  });
});

describe("apart", () => {
  it("is any cluster without them, or without their value of a label", () => {
    const others = { one: { labels: { app: "web" }, on: "de1" } };
    const rules = [{ apart: "app=web" }];
    expect(decided({ rules }, others)).toMatchObject({
      chosen: "de2",
      verdicts: { de1: '"apart from app=web" does not hold: 1 of them stands on this cluster' },
    });
    const far = decided({ rules: [{ apart: "app=web", by: "region" }] }, others);
    expect(far.chosen).toBe("none");
    expect(far.verdicts["de2"]).toContain("1 of them stands in region eu");
  });

  it("holds against the application also when only the other has said so, but drives nobody out", () => {
    const others = { jealous: { on: "de1", rules: [{ apart: "app=web" }] } };
    const coming = decided({ appLabels: { app: "web" } }, others);
    expect(coming.chosen).toBe("de2");
    expect(coming.verdicts["de1"]).toBe(
      "jealous stands on this cluster and is to be apart from this application",
    );
    expect(decided({ appLabels: { app: "web" }, on: "de1" }, others).chosen).toBe("de1");
    expect(decided({ appLabels: { app: "other" } }, others).chosen).toBe("de1");
    const byRegion = { jealous: { on: "de1", rules: [{ apart: "", by: "region" }] } };
    expect(decided({}, byRegion).verdicts["de2"]).toContain("jealous stands in region eu");
  });

  it("does not count the application itself, and moves it away from others", () => {
    const facts = { rules: [{ apart: "app=web" }], appLabels: { app: "web" }, on: "de1" };
    expect(decided(facts, {}).outcome).toBe("stayed");
    const others = { two: { labels: { app: "web" }, on: "de1" } };
    expect(decided(facts, others)).toMatchObject({ outcome: "moved", chosen: "de2" });
  });
});

describe("spread", () => {
  const web = (on: string): Other => ({ labels: { app: "web" }, on });
  const facts = { appLabels: { app: "web" }, spread: [{ by: "region", max_skew: 1 }] };

  it("keeps the places of its own group even", () => {
    expect(decided(facts, { a: web("de1") })).toMatchObject({
      chosen: "us",
      verdicts: {
        de2: '"spread by region, skew 1" does not hold: 1 stands in region eu and 0 in the emptiest place',
        none: '"spread by region, skew 1" wants a label region',
      },
    });
    expect(decided(facts, { a: web("de1"), b: web("us") }).chosen).toBe("de1");
    const two = { ...facts, spread: [{ by: "region", max_skew: 2 }] };
    expect(decided(two, { a: web("de1") }).chosen).toBe("de1");
  });

  it("does not wait for places that the application can never come to, and moves nobody", () => {
    const eu = { ...facts, labels: ["region is eu"] };
    expect(decided(eu, { a: web("de1") }).chosen).toBe("de1");
    expect(decided({ ...facts, on: "de1" }, { a: web("de1"), b: web("de2") }).chosen).toBe("de1");
  });

  it("over clusters, with those that a selector names", () => {
    const spread = [{ of: "app=web", max_skew: 1 }];
    const others = { a: web("de1"), b: web("de2"), c: { on: "us" } };
    expect(decided({ spread }, others).chosen).toBe("none");
  });
});

describe("a rule with a weight", () => {
  it("is a wish: it excludes nothing and counts in the score", () => {
    const others = { db: { ...db, on: "us" } };
    const { chosen, parts } = decided({ rules: [{ together: "tier=db", weight: 5 }] }, others);
    expect(chosen).toBe("us");
    expect(parts).toContainEqual(
      expect.objectContaining({ name: "preferred: together with tier=db", weight: 5, value: 1 }),
    );
    expect(decided({ rules: [{ together: "tier=x", weight: 5 }] }, others).chosen).toBe("de1");
    expect(
      decided({ rules: [{ apart: "tier=db", weight: 5 }] }, { db: { ...db, on: "de1" } }).chosen,
    ).toBe("de2");
    const spread = [{ by: "region", of: "tier=db", max_skew: 1, weight: 5 }];
    expect(decided({ spread }, { db: { ...db, on: "de1" } }).chosen).toBe("us");
  });
});
