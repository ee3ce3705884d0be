import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chosenOf, decideMaker, type MakerRequest } from "./decide-maker.ts";
import { cloud } from "./testing/clouds.ts";
import { detail, failing, now, reading } from "./testing/facts.ts";
import type { Candidate } from "./candidate.ts";

const request: MakerRequest = {
  decisions: 3,
  generation: 2,
  labels: null,
  metrics: null,
  noun: "cloud",
};

function chosen(candidates: readonly Candidate[], more: Partial<MakerRequest> = {}): string | null {
  const decision = decideMaker({ ...request, ...more }, { now, candidates }, detail);
  const place = chosenOf(decision);
  return place && `${place.kind} ${place.name}`;
}

describe("the cloud of a cluster", () => {
  it("is the one with the best score; of equal ones the first by name", () => {
    const a = cloud({ name: "a", readings: [reading("m", 1, 0.2)] });
    const b = cloud({ name: "b", readings: [reading("m", 2, 0.7)] });
    const c = cloud({ name: "c", readings: [reading("n", 1, 0.7)] });
    expect(chosen([a, c, b])).toBe("Cloud b");
  });

  it("is one of the namespace, when any of them fits, before a better global one of the same name", () => {
    const own = cloud({ name: "a", labels: { tier: "iron" } });
    const global = cloud({ name: "a", global: true, readings: [reading("m", 1, 1)] });
    expect(chosen([own, global])).toBe("Cloud a");
    expect(chosen([own, global], { labels: ["!tier"] })).toBe("GlobalCloud a");
  });

  it("has metrics rather than none, and never a failing one", () => {
    const plain = cloud({ name: "a" });
    const measured = cloud({ name: "b", readings: [reading("m", 1, 0)] });
    const broken = cloud({ name: "c", readings: [failing("m")] });
    expect(chosen([plain, measured, broken])).toBe("Cloud b");
    expect(chosen([broken])).toBeNull();
  });

  it("satisfies constraints on labels and metrics; where none does, each says why", () => {
    const a = cloud({ name: "a", labels: { l: "DE" }, readings: [reading("load", 1, 0.9)] });
    const gone = cloud({ name: "b", deleted: true });
    const wants = { labels: ["l is DE or l is SK"], metrics: ["load < 0.5"] };
    const decision = decideMaker({ ...request, ...wants }, { now, candidates: [a, gone] }, detail);
    expect(decision).toMatchObject({
      sequence: 4,
      outcome: "unplaceable",
      reason: { code: "NO_SUITABLE_RESOURCE" },
      candidates_fitting: 0,
    });
    const why = decision.candidates.map(({ verdicts }) =>
      verdicts.flatMap(({ fits, reason }) => (fits ? [] : [reason])),
    );
    expect(why).toContainEqual(["CloudDeleted", "LabelMissing", "MetricMissing"]);
    expect(why).toContainEqual(["MetricMismatch"]);
  });
});

const anyCloud = fc
  .record({
    name: fc.constantFrom("a", "b", "c", "d"),
    global: fc.boolean(),
    deleted: fc.boolean(),
    labels: fc.constantFrom<Record<string, string>>({}, { l: "x" }),
    readings: fc.constantFrom([], [reading("m", 1, 0.5)], [reading("m", 1, 0.9)], [failing("m")]),
  })
  .map(cloud);
const anyClouds = fc.uniqueArray(anyCloud, {
  selector: ({ kind, name }) => `${kind} ${name}`,
  maxLength: 6,
});
const anyRequest = fc.record({
  labels: fc.constantFrom(null, ["l is x"]),
  metrics: fc.constantFrom(null, ["m > 0.6"]),
});

it("whatever the order of the clouds, the decision is the same, and what it chooses fits", () => {
  fc.assert(
    fc.property(
      anyClouds.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      ),
      anyRequest,
      ([candidates, shuffled], wants) => {
        const one = decideMaker({ ...request, ...wants }, { now, candidates }, detail);
        const other = decideMaker({ ...request, ...wants }, { now, candidates: shuffled }, detail);
        expect(other).toEqual(one);
        const [first] = one.candidates;
        expect(one.chosen !== null).toBe(one.candidates.some(({ fits }) => fits));
        if (one.chosen) expect(first).toMatchObject({ cluster: one.chosen, fits: true });
      },
    ),
  );
});
