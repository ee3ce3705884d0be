import { expect, it } from "vitest";
import type { CandidateVerdict, Decision } from "./decision.ts";
import { decisionDifference } from "./decision-difference.ts";

const place = (name: string) => ({ namespace: "n", name });

function row(name: string, load: number, refusal?: string): CandidateVerdict {
  const message = refusal ?? "";
  return {
    cluster: place(name),
    fits: refusal === undefined,
    verdicts: [{ filter: "labels", fits: refusal === undefined, reason: "", message }],
    score: refusal === undefined ? load : null,
    parts: [{ name: "load", weight: 1, value: load, raw: load, time: null, provider: null }],
  };
}

function decision(sequence: number, candidates: CandidateVerdict[], total?: number): Decision {
  return {
    sequence,
    time: "2026-01-01T00:00:00.000Z",
    generation: 1,
    outcome: "stayed",
    reason: { code: "Best", message: "no other cluster scores higher" },
    chosen: place("a"),
    previous: place("a"),
    runner_up: null,
    margin: null,
    held_until: null,
    candidates,
    candidates_total: total ?? candidates.length,
    candidates_fitting: candidates.filter(({ fits }) => fits).length,
  };
}

it("between a decision and itself there is none", () => {
  const one = decision(1, [row("a", 0.5), row("b", 0.2, "no zone")]);
  expect(decisionDifference(one, one).clusters).toEqual([]);
});

it("names the clusters that came, went, fit, no longer fit, and those that score otherwise", () => {
  const from = decision(1, [
    row("a", 0.5),
    row("b", 0.5),
    row("c", 0.2, "no zone"),
    row("gone", 0.1),
    row("same", 0.4),
    row("odd", 0.3, "one"),
  ]);
  const to = decision(2, [
    row("new", 0.9),
    row("a", 0.25),
    row("c", 0.2),
    row("same", 0.4),
    row("b", 0.5, "is OFFLINE"),
    row("odd", 0.3, "other"),
  ]);
  const { clusters } = decisionDifference(from, to);
  expect(clusters.map(({ cluster, change }) => [cluster.name, change])).toEqual([
    ["new", "appeared"],
    ["a", "score"],
    ["c", "fits"],
    ["b", "no longer fits"],
    ["odd", "refusal"],
    ["gone", "vanished"],
  ]);
  const [, a, , b, odd] = clusters;
  expect(a!.parts).toEqual([
    { name: "load", value: [0.5, 0.25], raw: [0.5, 0.25], weight: [1, 1] },
  ]);
  expect(b!.refusals).toEqual({ came: ["is OFFLINE"], went: [] });
  expect(odd!.refusals).toEqual({ came: ["other"], went: ["one"] });
});

it("takes nothing for new or gone that was perhaps only not listed", () => {
  const from = decision(1, [row("a", 0.5)], 9);
  const to = decision(2, [row("b", 0.5)], 9);
  const changes = decisionDifference(from, to).clusters.map(({ change }) => change);
  expect(changes).toEqual(["listed", "listed"]);
});
