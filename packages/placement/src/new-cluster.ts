import type { Application } from "@octoplane/kinds/application";
import { waitingForCluster } from "@octoplane/kinds/application-state";
import type { CandidateVerdict, Decision, NewClusterStep, Place } from "@octoplane/kinds/decision";
import type { Reason, ResourceRef } from "@octoplane/kinds/metadata";
import type { Requests } from "@octoplane/kinds/workload-requests";
import { limits } from "@octoplane/shared/limits";
import { holdOfBrake } from "./calm.ts";
import type { Candidate } from "./candidate.ts";
import type { Comparison } from "./comparison.ts";
import { describeCandidate, placeOf } from "./describe-candidates.ts";
import { isAwaiting, type NewClusterFacts } from "./new-cluster-facts.ts";
import { preferredScore } from "./preferences.ts";
import { isBetter, type Ranked } from "./rank.ts";
import type { Snapshot } from "./snapshot.ts";
import { isRankedBy } from "./weighing.ts";
import { requestsOfApplication } from "./promises.ts";

interface Input {
  readonly app: Application;
  readonly snapshot: Snapshot;
  readonly newCluster: NewClusterFacts;
  readonly by: Comparison;
  readonly detail: number;
}

/**
 * From a decision about existing clusters to one about them and a new one on the best cloud (docs/adr/0020-clouds.md).
 * Only an application that has no place, or has to leave its place, gets a new cluster; whoever waits for one goes on waiting until it
 * takes the application, has failed, or the time is over. Pure.
 */
export function withNewCluster(decision: Decision, input: Input): Decision {
  const { app, snapshot } = input;
  if (isAwaiting(app)) return awaited(decision, input);
  const seeks =
    decision.outcome === "placed" ||
    decision.outcome === "unplaceable" ||
    decision.reason.code === "CurrentNoLongerFits";
  const isOutage = app.status.scheduled_to !== null && holdOfBrake(snapshot) !== undefined;
  if (!seeks || isOutage) return decision;
  const offers = offersOf(input);
  const candidates = [
    ...decision.candidates,
    ...offers.slice(0, input.detail).map(({ row }) => row),
  ];
  const again = decision.outcome === "unplaceable" ? triedBefore(input) : undefined;
  const told = {
    ...decision,
    candidates,
    held_until: again === undefined ? decision.held_until : isoTime(again),
  };
  const best = offers.find(({ row }) => row.fits);
  const rival = rivalOf(decision, input);
  if (best === undefined || !wins(best, rival)) return told;
  return started(told, { input, best, rival });
}

/** Where none can be made at all: copies want existing clusters, and a namespace may have no cloud. */
export function withoutNewCluster(decision: Decision, app: Application): Decision {
  const known = app.status.new_cluster;
  if (known === undefined || !isAwaiting(app)) return decision;
  const { name, cloud, attempt } = known;
  const reason = { code: "NoCloud", message: "no cluster can be made for it any more" };
  return { ...decision, new_cluster: { name, cloud, attempt, phase: "ended", reason } };
}

/** A new cluster on one cloud. */
interface Offer extends Ranked {
  readonly row: CandidateVerdict;
}

/** One for each cloud, best first, those that do not fit last. */
function offersOf(input: Input): readonly Offer[] {
  const { app, newCluster, by } = input;
  const obstacle = obstacleOf(input);
  const asked = requestsOfApplication(app);
  const { cpuCores, memoryBytes } = newCluster.shape;
  const requests: Requests = {
    ...asked,
    cpuCores: Math.max(asked.cpuCores, cpuCores),
    memoryBytes: Math.max(asked.memoryBytes, memoryBytes),
  };
  const offers = newCluster.candidates.map((candidate): Offer => {
    const plain = describeCandidate(candidate, { ...by, isCurrent: false, requests });
    const { scales } = by.weighing;
    const whole = preferredScore(candidate, 0, by.preferences, scales);
    const score = afterStart(whole, newCluster);
    const fits = plain.fits && obstacle === undefined;
    const verdict = {
      filter: "new_cluster",
      fits: obstacle === undefined,
      reason: obstacle?.code ?? "",
      message: obstacle?.message ?? "",
    };
    const row = {
      ...plain,
      fits,
      verdicts: [...plain.verdicts, verdict],
      score: fits ? score : null,
      parts: [...plain.parts, startPart(plain, newCluster)],
    };
    return { candidate, score, isRanked: isRankedBy(candidate, scales), row };
  });
  return offers.toSorted((a, b) => {
    if (a.row.fits !== b.row.fits) return a.row.fits ? -1 : 1;
    return isBetter(a, b, undefined) ? -1 : 1;
  });
}

/**
 * The score over the horizon: nothing while the cluster starts, then that of the cloud. In the terms of the score it is a
 * part with the value 0 and the weight `Σ weight × share / (1 - share)`.
 */
function afterStart(score: number, facts: NewClusterFacts): number {
  return score - Math.abs(score) * lostShare(facts);
}

function lostShare({ startupMs, horizonMs }: NewClusterFacts): number {
  return Math.min(startupMs / horizonMs, mostLost);
}

/** All but a thousandth, so that the weight of the part stays a number. */
const mostLost = 0.999;

function startPart(
  { parts }: CandidateVerdict,
  facts: NewClusterFacts,
): CandidateVerdict["parts"][number] {
  const share = lostShare(facts);
  const sum = parts.reduce((total, part) => total + (part.value === null ? 0 : part.weight), 0);
  return {
    name: "start-up",
    weight: (Math.max(0, sum) * share) / (1 - share),
    value: 0,
    raw: facts.startupMs / 1_000,
    time: null,
    provider: null,
  };
}

/** Why no cluster is made for this application now, on whatever cloud. */
function obstacleOf(input: Input): Reason | undefined {
  if (input.newCluster.problem) return input.newCluster.problem;
  const again = triedBefore(input);
  if (again === undefined) return undefined;
  const why = input.app.status.new_cluster?.reason?.message ?? "it did not come";
  const message = `the last one was given up (${why}); none is made before ${isoTime(again)}`;
  return { code: "TriedBefore", message };
}

/** Until when none is made, because the last one was given up; a new specification forgets it. */
function triedBefore({ app, snapshot, newCluster }: Input): number | undefined {
  const last = app.status.new_cluster;
  if (last === undefined || last.ended === null) return undefined;
  const again = Date.parse(last.ended) + newCluster.retryMs;
  return last.generation === app.metadata.generation && again > snapshot.now ? again : undefined;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The existing cluster that was chosen. */
function rivalOf(decision: Decision, { snapshot, by }: Input): Ranked | undefined {
  const { chosen } = decision;
  const candidate = chosen && findIn(snapshot.candidates, chosen);
  if (!candidate) return undefined;
  const { scales } = by.weighing;
  const score = preferredScore(candidate, 0, by.preferences, scales);
  return { candidate, score, isRanked: isRankedBy(candidate, scales) };
}

/** An existing cluster wins ties. */
function wins(offer: Offer, rival: Ranked | undefined): boolean {
  if (rival === undefined) return true;
  if (offer.isRanked !== rival.isRanked) return offer.isRanked;
  return offer.score > rival.score;
}

function started(
  decision: Decision,
  { input, best, rival }: { input: Input; best: Offer; rival: Ranked | undefined },
): Decision {
  const { app, snapshot, newCluster } = input;
  const attempt = (app.status.new_cluster?.attempt ?? 0) + 1;
  const name = newClusterName(app.metadata.uid, attempt);
  const { candidate } = best;
  const over =
    rival === undefined
      ? "no cluster fits"
      : `a new one scores higher than ${rival.candidate.name}, its start-up counted`;
  return {
    ...waiting(decision, snapshot.now + newCluster.waitMs),
    reason: { code: waitingForCluster, message: `${over}: ${name} is made on ${candidate.name}` },
    runner_up: rival ? placeOf(rival.candidate) : null,
    margin: rival ? best.score - rival.score : null,
    new_cluster: { name, cloud: cloudRef(candidate), attempt, phase: "started", reason: null },
  };
}

/** The same for whoever asks, so that a crash or two schedulers at once make one cluster and not two. */
export function newClusterName(uid: string, attempt: number): string {
  return `auto-${uid.replaceAll("-", "").slice(0, 16)}-${attempt}`;
}

function cloudRef({ kind = "Cloud", namespace, name }: Candidate): ResourceRef {
  return { api: "infrastructure", kind, namespace: namespace === "" ? null : namespace, name };
}

function waiting(decision: Decision, until: number): Decision {
  return {
    ...decision,
    outcome: "waits",
    chosen: null,
    held_until: isoTime(until),
  };
}

/** It waits for its cluster already. */
function awaited(decision: Decision, input: Input): Decision {
  const { app, snapshot, newCluster, by } = input;
  const { name, cloud, attempt, started: since } = app.status.new_cluster!;
  const step = { name, cloud, attempt };
  const ended = (code: string, message: string): Decision => {
    const reason = { code, message };
    const isStuck = decision.outcome === "unplaceable";
    return {
      ...decision,
      ...(isStuck ? { held_until: isoTime(snapshot.now + newCluster.retryMs) } : {}),
      new_cluster: { ...step, phase: "ended", reason },
    };
  };
  if (decision.outcome === "stayed") return ended("NotNeeded", "it stays where it is");
  if (!app.spec.auto_cluster_create) return ended("NotWanted", "no new cluster is asked for");
  const candidate = snapshot.candidates.find((one) => one.name === name);
  // One that is not seen was just made, or deleted; after a moment it is the latter.
  const seenBy = Date.parse(since) + limits.newClusterSeenMs;
  if (candidate === undefined && seenBy <= snapshot.now)
    return ended("ClusterDeleted", `${name} was deleted`);
  if (candidate?.isDeleted === true) return ended("ClusterDeleted", `${name} is being deleted`);
  if (candidate?.state === "FAILED") return ended("ClusterFailed", `${name} could not be made`);
  if (candidate?.state === "ONLINE") {
    const row = describeCandidate(candidate, { ...by, isCurrent: false, requests: undefined });
    if (row.fits) return ready(decision, { candidate, step });
    const why = row.verdicts.find(({ fits }) => !fits)?.message ?? "";
    return ended("ClusterDoesNotFit", `${name} is there, and does not fit: ${why}`);
  }
  const until = Date.parse(since) + newCluster.waitMs;
  if (until <= snapshot.now) {
    const seconds = Math.round(newCluster.waitMs / 1_000);
    return ended("ClusterLate", `${name} was not ready within ${seconds} s`);
  }
  const message = `${name} is made for it on ${cloud.name}`;
  return {
    ...waiting(decision, candidate === undefined ? Math.min(until, seenBy) : until),
    reason: { code: waitingForCluster, message },
    runner_up: null,
    margin: null,
    new_cluster: { ...step, phase: "waiting", reason: null },
  };
}

/** It goes to the cluster that was made for it. */
function ready(
  decision: Decision,
  {
    candidate,
    step,
  }: { candidate: Candidate; step: Pick<NewClusterStep, "name" | "cloud" | "attempt"> },
): Decision {
  const message = `${candidate.name}, which was made for it, is ready`;
  return {
    ...decision,
    outcome: decision.previous === null ? "placed" : "moved",
    chosen: placeOf(candidate),
    reason: { code: "NewClusterReady", message },
    runner_up: null,
    margin: null,
    held_until: null,
    new_cluster: { ...step, phase: "ready", reason: null },
  };
}

function findIn(candidates: readonly Candidate[], place: Place): Candidate | undefined {
  return candidates.find((one) => one.name === place.name && one.namespace === place.namespace);
}
