import type { Application } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import { conditionOf } from "@octoplane/kinds/condition";
import type { Copies } from "@octoplane/kinds/copies";
import type { Decision } from "@octoplane/kinds/decision";
import type { Reason } from "@octoplane/kinds/metadata";
import { limits } from "@octoplane/shared/limits";
import { holdOfBrake, holdOfBudgets, holdOfMove, timeText, type Hold } from "./calm.ts";
import type { Candidate } from "./candidate.ts";
import { prepareComparison } from "./comparison.ts";
import { isCompleted } from "./completed.ts";
import { sharesOf } from "./copy-shares.ts";
import { CopySpread } from "./copy-spread.ts";
import { describeCandidates, placeOf } from "./describe-candidates.ts";
import { coolsUntil } from "./failed-move.ts";
import { fitsAll, isRefusedByMetrics } from "./filter.ts";
import { staysUntil } from "./filters/taints.ts";
import { holdsLocalData, localDataCode, localDataMessage } from "./local-data.ts";
import { preferredScore } from "./preferences.ts";
import { comesFirst, type Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";
import { unplaceable } from "./unplaceable.ts";
import { isRankedBy, type Weighing } from "./weighing.ts";

/**
 * Where an application that asks for copies belongs: all of its places at once (docs/adr/0019-several-copies.md). Places that
 * fit are kept, empty ones filled with the best that are left, and at most one is exchanged for a better one. As pure as
 * `decide`.
 */
export function decideCopies(
  app: Application,
  snapshot: Snapshot,
  { copies, detail }: { readonly copies: Copies; readonly detail: number },
): Decision {
  const by = prepareComparison(app, snapshot);
  const { prepared, preferences, weighing } = by;
  const bound = boundClusters(app.status).map(({ name }) =>
    snapshot.candidates.find((one) => one.name === name),
  );
  const here = new Set(bound.filter((candidate) => candidate !== undefined));
  const ranked: Ranked[] = [];
  for (const candidate of snapshot.candidates) {
    const isHere = here.has(candidate);
    if (!fitsAll(prepared, candidate, isHere)) continue;
    const stickiness = isHere ? weighing.stickiness : 0;
    const score = preferredScore(candidate, stickiness, preferences, weighing.scales);
    ranked.push({ candidate, score, isRanked: isRankedBy(candidate, weighing.scales) });
  }
  ranked.sort((a, b) => (comesFirst(a, b, here) ? -1 : 1));
  const wanted = copies.count === "all" ? limits.copiesMax : copies.count;
  const isAway = (candidate: Candidate): boolean =>
    candidate.state !== "ONLINE" && fitsAll(prepared, { ...candidate, state: "ONLINE" }, true);
  const { policy } = weighing;
  const budgetHold = (from: Candidate): Hold | undefined =>
    isRefusedByMetrics(prepared, from) ? holdOfBudgets({ app, snapshot, policy, from }) : undefined;
  const look = { ranked, here, isAway, budgetHold };
  const input: Input = { app, snapshot, copies, weighing, wanted, ...look };
  const choice = untilLeft(chooseCopies(input), input);
  const { places } = choice;
  const rival = ranked.find(({ candidate }) => !places.includes(candidate));
  const worst = ranked.findLast(({ candidate }) => places.includes(candidate));
  const missing = copies.count === "all" ? 0 : wanted - places.length;
  const shares = sharesOf(app, { copies, places, ranked, snapshot });
  const previous = app.status.scheduled_to;
  return {
    sequence: app.status.decisions + 1,
    time: new Date(snapshot.now).toISOString(),
    generation: app.metadata.generation,
    outcome: outcomeOf(bound, places),
    reason: reasonWith(choice.reason, { missing, wanted }),
    chosen: places[0] ? placeOf(places[0]) : null,
    places: places.map((place, index) => ({ ...placeOf(place), share: shares[index] ?? null })),
    missing,
    replaced: [...choice.replaced],
    previous: previous && { namespace: previous.namespace ?? "", name: previous.name },
    runner_up: rival ? placeOf(rival.candidate) : null,
    margin: rival && worst ? worst.score - rival.score : null,
    held_until: choice.heldUntil === undefined ? null : new Date(choice.heldUntil).toISOString(),
    ...(weighing.applied === undefined ? {} : { policy: weighing.applied }),
    candidates: describeCandidates({
      app,
      snapshot,
      ...by,
      here,
      chosen: places,
      detail,
      best: ranked,
    }),
    candidates_total: snapshot.candidates.length,
    candidates_fitting: ranked.length,
  };
}

interface Input {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly copies: Copies;
  readonly weighing: Weighing;
  /** All that fit, best first. */
  readonly ranked: readonly Ranked[];
  /** Where it belongs now. */
  readonly here: ReadonlySet<Candidate>;
  readonly wanted: number;
  /** True when it would fit if it answered. */
  readonly isAway: (candidate: Candidate) => boolean;
  /** What keeps a copy where only metrics are against it; `undefined`: nothing, or more is. */
  readonly budgetHold: (candidate: Candidate) => Hold | undefined;
}

interface Choice {
  readonly places: readonly Candidate[];
  readonly reason: Reason;
  readonly replaced: NonNullable<Decision["replaced"]>;
  readonly heldUntil?: number;
}

/**
 * First what must not stay goes, then what may stay and is not wanted any more, then empty places are filled, and then one place may be
 * exchanged.
 */
function chooseCopies(input: Input): Choice {
  const { app, snapshot, copies, ranked, here, wanted } = input;
  // A cluster that is taken away is waited for: whatever holds the others, there it cannot stay.
  const standing = [...here].filter(({ isDeleted }) => !isDeleted);
  const fitting = new Set(ranked.map(({ candidate }) => candidate));
  const held = holdOf(input);
  const brake = holdOfBrake(snapshot);
  const unfit = standing.filter((candidate) => !fitting.has(candidate));
  const hold = unfit.map((candidate) => brake ?? input.budgetHold(candidate)).find((one) => one);
  const isKept = (candidate: Candidate): boolean =>
    fitting.has(candidate) ||
    held !== undefined ||
    brake !== undefined ||
    input.budgetHold(candidate) !== undefined;
  const kept = fewest(standing.filter(isKept), input);
  const added = isCompleted(app) ? [] : fill(kept, input);
  // Better where it does not fit than nowhere: what found no other place stays as long as there is room.
  const room = Math.max(0, wanted - kept.length - added.length);
  // All means each that fits: there only what does not answer for a while is waited for.
  const isPicky = copies.count === "all" && kept.length + added.length > 0;
  const left = unfit
    .filter((candidate) => !isKept(candidate) && (!isPicky || input.isAway(candidate)))
    .slice(0, room);
  const places = inOrder([...here], { kept: [...kept, ...left], added });
  const gone = [...here].filter((candidate) => !places.includes(candidate));
  if (gone.length + added.length > 0) {
    const replaced = gone.slice(0, added.length).map((from, index) => ({
      from: from.name,
      to: added[index]!.name,
    }));
    const reason =
      places.length === 0 ? unplaceable : changeReason(input, { gone, added, fitting });
    return { places, replaced, reason };
  }
  if (held) return { places, replaced: [], reason: held };
  if (places.length === 0) return { places, replaced: [], reason: unplaceable };
  if (hold) {
    const until = hold.until === undefined ? {} : { heldUntil: hold.until };
    return { places, replaced: [], reason: hold.reason, ...until };
  }
  return copies.count === "all" ? settled(places) : exchange(input, places);
}

/** Why nothing that stands may go, whatever the clusters are like. */
function holdOf({ app, snapshot, here }: Input): Reason | undefined {
  if (here.size === 0) return undefined;
  if (!app.spec.constraints.migration) {
    return { code: "MigrationDisabled", message: "migration is switched off for this application" };
  }
  if (isCompleted(app)) {
    const message = "its work is done; on another cluster it would be done again";
    return { code: "Completed", message };
  }
  if (![...here].some((candidate) => holdsLocalData(app, snapshot, candidate))) return undefined;
  return { code: localDataCode, message: localDataMessage(snapshot) };
}

/** A toleration that ends makes a copy leave without a change of anything: then it is looked at again, and says so. */
function untilLeft(choice: Choice, input: Input): Choice {
  const { app, snapshot, here } = input;
  const { places, reason, heldUntil = Infinity } = choice;
  const stays = places.length === here.size && places.every((place) => here.has(place));
  if (!stays || holdOf(input)) return choice;
  const ends = places.map((place) => staysUntil(app, place, snapshot.now));
  const end = Math.min(Infinity, ...ends.filter((one) => one > snapshot.now));
  if (end >= heldUntil) return choice;
  const message = `${reason.message}; a toleration of a taint ends at ${timeText(end)}`;
  return { ...choice, heldUntil: end, reason: { code: "ToleratesForNow", message } };
}

/** As many as are wanted: the best of them, where it is told; those that do not fit go first. */
function fewest(standing: readonly Candidate[], { ranked, wanted }: Input): readonly Candidate[] {
  if (standing.length <= wanted) return standing;
  const rank = new Map(ranked.map(({ candidate }, index) => [candidate, index]));
  const best = standing.toSorted(
    (a, b) => (rank.get(a) ?? Infinity) - (rank.get(b) ?? Infinity) || (a.name < b.name ? -1 : 1),
  );
  const staying = new Set(best.slice(0, wanted));
  return standing.filter((candidate) => staying.has(candidate));
}

/** The best for the places that are empty; those on which it has just failed only when there is no other. */
function fill(kept: readonly Candidate[], input: Input): readonly Candidate[] {
  const { app, snapshot, copies, weighing, ranked, here, wanted } = input;
  const isCool = ({ candidate }: Ranked): boolean =>
    coolsUntil(app, candidate.name, weighing.policy) > snapshot.now;
  const open = ranked.filter(({ candidate }) => !here.has(candidate));
  const order = [...open.filter((one) => !isCool(one)), ...open.filter(isCool)];
  const spread = new CopySpread(copies.spread, ranked, kept);
  const added: Candidate[] = [];
  for (let found = true; found && kept.length + added.length < wanted;) {
    const next = order.find(
      ({ candidate }) => !added.includes(candidate) && spread.allows(candidate),
    );
    found = next !== undefined;
    if (!next) continue;
    added.push(next.candidate);
    spread.add(next.candidate);
  }
  return added;
}

/** Places keep their numbers; a new one takes the number of one that has gone, and the rest come after. */
function inOrder(
  before: readonly Candidate[],
  { kept, added }: { readonly kept: readonly Candidate[]; readonly added: readonly Candidate[] },
): readonly Candidate[] {
  const waiting = [...added];
  const places = before.flatMap((candidate) => {
    if (kept.includes(candidate)) return [candidate];
    const next = waiting.shift();
    return next === undefined ? [] : [next];
  });
  return [...places, ...waiting];
}

/** One place for a better one, when all that stand are well and nothing holds the move. */
function exchange(input: Input, places: readonly Candidate[]): Choice {
  const { app, snapshot, copies, weighing, ranked, here } = input;
  const from = ranked.findLast(({ candidate }) => here.has(candidate));
  if (!from) return settled(places);
  const rest = places.filter((place) => place !== from.candidate);
  const spread = new CopySpread(copies.spread, ranked, rest);
  const to = ranked.find(
    ({ candidate }) =>
      !here.has(candidate) &&
      spread.allows(candidate) &&
      coolsUntil(app, candidate.name, weighing.policy) <= snapshot.now,
  );
  if (!to || !comesFirst(to, from, here)) return settled(places);
  const stay = (reason: Reason, heldUntil?: number): Choice => ({
    places,
    replaced: [],
    reason,
    ...(heldUntil === undefined ? {} : { heldUntil }),
  });
  if (from.candidate.state === "FAILING_METRICS") {
    const message = `the metrics of ${from.candidate.name} cannot be read; nothing moves for that`;
    return stay({ code: "MetricsMissing", message });
  }
  if (conditionOf(app.status.conditions, "Healthy")?.status !== "True") {
    const message = "a better cluster waits until all copies are healthy";
    return stay({ code: "Migrating", message });
  }
  const hold = holdOfMove({ app, snapshot, policy: weighing.policy, from, to });
  if (hold) return stay(hold.reason, hold.until);
  const message = `${to.candidate.name} scores higher than ${from.candidate.name}`;
  return {
    places: places.map((place) => (place === from.candidate ? to.candidate : place)),
    replaced: [{ from: from.candidate.name, to: to.candidate.name }],
    reason: { code: "Best", message },
  };
}

function settled(places: readonly Candidate[]): Choice {
  const message = "no other cluster scores higher";
  return { places, replaced: [], reason: { code: "Best", message } };
}

function changeReason(
  { here, ranked }: Input,
  change: {
    readonly gone: readonly Candidate[];
    readonly added: readonly Candidate[];
    readonly fitting: ReadonlySet<Candidate>;
  },
): Reason {
  const names = (all: readonly Candidate[]): string => all.map(({ name }) => name).join(", ");
  const { gone, added, fitting } = change;
  const unfit = gone.filter((candidate) => !fitting.has(candidate));
  if (unfit.length > 0) {
    const message = `no longer fit: ${names(unfit)}; ${added.length === 0 ? "nothing takes their place" : `new: ${names(added)}`}`;
    return { code: "CurrentNoLongerFits", message };
  }
  if (here.size === 0) {
    const message = `${names(added)}: the best of ${ranked.length} clusters that fit`;
    return { code: "Best", message };
  }
  if (added.length > 0) return { code: "CopiesWanted", message: `new: ${names(added)}` };
  return { code: "FewerCopiesWanted", message: `no longer wanted: ${names(gone)}` };
}

function reasonWith(
  { code, message }: Reason,
  { missing, wanted }: { readonly missing: number; readonly wanted: number },
): Reason {
  if (missing <= 0 || code === unplaceable.code) return { code, message };
  return { code, message: `${message}; no cluster fits for ${missing} of ${wanted} copies` };
}

function outcomeOf(
  bound: readonly (Candidate | undefined)[],
  places: readonly Candidate[],
): Decision["outcome"] {
  if (places.length === 0) return "unplaceable";
  if (bound.length === 0) return "placed";
  const isSame =
    bound.length === places.length && bound.every((place, index) => place === places[index]);
  return isSame ? "stayed" : "moved";
}
