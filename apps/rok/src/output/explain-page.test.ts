import { expect, test } from "vitest";
import type { CandidateVerdict, Decision } from "@octoplane/kinds/decision";
import type { Explanation } from "@octoplane/kinds/explanation";
import { explainPage } from "./explain-page.ts";

const place = (name: string) => ({ namespace: "n", name });
const time = "2026-07-01T10:09:56.123Z";

function candidate(name: string, refusals: readonly string[], score: number | null = null) {
  const verdicts = refusals.map((message) => ({
    filter: "labels",
    fits: false,
    reason: "LabelMismatch",
    message,
  }));
  const ok = { filter: "online", fits: true, reason: "", message: "" };
  const load = { name: "load", weight: 1.5, value: 0.25, raw: 3, time, provider: "prom" };
  const row: CandidateVerdict = {
    cluster: place(name),
    fits: refusals.length === 0,
    verdicts: [ok, ...verdicts],
    score,
    parts: score === null ? [] : [load],
  };
  return row;
}

const moved: Decision = {
  sequence: 3,
  time,
  generation: 2,
  outcome: "moved",
  reason: { code: "Best", message: "b scores highest of 2 clusters that fit" },
  chosen: place("b"),
  previous: place("a"),
  runner_up: place("a"),
  margin: 0.123456,
  held_until: "2026-07-01T10:10:56.000Z",
  candidates: [candidate("b", [], 0.5), candidate("a", [], 0.37654), candidate("c", ["no DE"])],
  candidates_total: 5,
  candidates_fitting: 2,
};

/** What was decided last, and nothing new since then. */
function explained(recorded: Decision | null, more: Partial<Explanation> = {}): Explanation {
  return {
    api: "kubernetes",
    kind: "Explanation",
    metadata: { name: "echo", namespace: "n" },
    fleet: null,
    decision: null,
    recorded,
    obstacles: [],
    shifts: [],
    hints: [],
    ...more,
  };
}

const app = {
  metadata: { name: "echo", namespace: "n" },
  status: { state: "MIGRATING", scheduled: time, scheduled_to: place("b"), running_on: place("a") },
};

test("a placed application: where, why, against whom, and of what the scores are made", () => {
  expect(explainPage(app, explained(moved))).toEqual([
    "echo is MIGRATING: on n/b since 2026-07-01 10:09:56Z",
    "it still runs on n/a",
    "decision 3 of 2026-07-01 10:09:56Z (generation 2): moved to n/b from n/a",
    "reason: b scores highest of 2 clusters that fit",
    "margin over n/a: 0.1235",
    "it may move for metrics again after 2026-07-01 10:10:56Z",
    "",
    "2 of 5 clusters fit",
    "cluster  fits  score   remark",
    "n/b      yes   0.5     chosen",
    "n/a      yes   0.3765  second, was here",
    "n/c      no            no DE",
    "",
    "and 2 more that are not listed",
    "",
    "n/b: score 0.5",
    "  metric  value  normalised  weight  age  provider",
    "  load    3      0.25        1.5     0s   prom",
    "",
    "n/a: score 0.3765",
    "  metric  value  normalised  weight  age  provider",
    "  load    3      0.25        1.5     0s   prom",
  ]);
});

test("an application that fits nowhere: every refusal, harmless to a terminal", () => {
  const nowhere: Decision = {
    ...moved,
    outcome: "unplaceable",
    reason: { code: "NO_SUITABLE_RESOURCE", message: "No matching Kubernetes cluster found" },
    chosen: null,
    previous: null,
    runner_up: null,
    margin: null,
    held_until: null,
    candidates: [candidate("a", ["no \u001b[31mDE", "no SK"])],
    candidates_total: 1,
    candidates_fitting: 0,
  };
  const status = { ...app.status, state: "DEGRADED", scheduled_to: null, running_on: null };
  expect(explainPage({ ...app, status }, explained(nowhere))).toEqual([
    "echo is DEGRADED: on no cluster",
    "decision 3 of 2026-07-01 10:09:56Z (generation 2): cannot be placed",
    "reason: No matching Kubernetes cluster found",
    "",
    "0 of 1 clusters fit",
    "",
    "n/a does not fit:",
    "  labels: no \ufffd[31mDE",
    "  labels: no SK",
  ]);
});

test("an application that nobody has decided about yet", () => {
  const status = { ...app.status, state: "PENDING", scheduled_to: null, running_on: null };
  expect(explainPage({ ...app, status }, explained(null))).toEqual([
    "echo is PENDING: on no cluster",
    "no decision has been made about it yet",
  ]);
});

test("a toleration that ends is told as what it is, and a preference among the parts of a score", () => {
  const reason = { code: "ToleratesForNow", message: "no other cluster scores higher; for now" };
  const wish = { name: "preferred: a is b", weight: 10, value: 1, raw: null };
  const part = { ...wish, time: null, provider: null };
  const best: CandidateVerdict = { ...candidate("b", [], 0.5), parts: [part] };
  const lines = explainPage(
    app,
    explained({ ...moved, outcome: "stayed", reason, candidates: [best] }),
  );
  expect(lines).toContain("it has to leave after 2026-07-01 10:10:56Z");
  expect(lines.at(-1)).toMatch(/^ {2}preferred: a is b +1 +10\b/);
});

test("what would be decided now, and what would have to change for another place", () => {
  const now: Decision = {
    ...moved,
    time: "2026-07-01T10:12:56.123Z",
    outcome: "stayed",
    reason: { code: "MovedRecently", message: "a scores higher, but the last move is too recent" },
    previous: place("b"),
  };
  const later = { code: "Later", message: "it moves to a at 10:13, unless something changes" };
  const shift = {
    to: place("a"),
    cluster: place("b"),
    metric: "load",
    value: 0.25,
    needed: 0.125,
    raw: 3,
    raw_needed: 1.5,
  };
  const need = { filter: "labels", message: "no DE", metric: null, value: null, needed: null };
  const lines = explainPage(
    app,
    explained(moved, {
      decision: now,
      hints: [later],
      shifts: [shift, { ...shift, raw_needed: null, metric: "heat" }],
      obstacles: [
        { cluster: place("c"), alone: "labels", needs: [need] },
        { cluster: place("d"), alone: null, needs: [need, { ...need, message: "no gold" }] },
      ],
    }),
  );
  expect(lines).toContain("now it stays on n/b: a scores higher, but the last move is too recent");
  expect(lines).toContain("  load    3      0.25        1.5     3m   prom");
  expect(lines.slice(lines.indexOf(later.message))).toEqual([
    later.message,
    "",
    "it would move if one of these changed",
    "cluster  metric  of   now   needed",
    "n/a      load    n/b  3     1.5 or less",
    "n/a      heat    n/b  0.25  0.125 (normalised)",
    "",
    "it would fit on these clusters if they changed, the nearest first",
    "cluster  in the way   what",
    "n/c      only labels  no DE",
    "n/d      2 things     no DE; no gold",
  ]);
});

test("an application in several places: all of them, with their shares, and which copy moved", () => {
  const decision: Decision = {
    ...moved,
    chosen: place("b"),
    places: [
      { ...place("b"), share: 3 },
      { ...place("d"), share: 1 },
    ],
    missing: 0,
    replaced: [{ from: "a", to: "d" }],
    candidates: [...moved.candidates, candidate("d", [], 0.3)],
  };
  const places = decision.places!.map(({ share, ...cluster }) => ({ cluster, share }));
  const status = { ...app.status, running_on: place("d"), places };
  const page = explainPage({ ...app, status }, explained(decision)).join("\n");
  expect(page).toContain("on n/b (share 3), n/d (share 1) since");
  expect(page).not.toContain("still runs");
  expect(page).toContain("moved to n/b, n/d\n");
  expect(page).toMatch(/n\/d +yes +0.3 +chosen/);
  expect(page).toMatch(/n\/a .*was here/);
  expect(page).toContain("n/d: score 0.3");
});
