import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import { waitingForCluster } from "@octoplane/kinds/application-state";
import {
  conditionOf,
  dropCondition,
  setCondition,
  type Condition,
} from "@octoplane/kinds/condition";
import type { CopyPlace } from "@octoplane/kinds/copies";
import type { Decision, Place } from "@octoplane/kinds/decision";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Move } from "@octoplane/kinds/placement-choice";
import { isCompleted } from "@octoplane/placement/completed";
import { failedMovesAfter } from "@octoplane/placement/failed-move";
import { limits } from "@octoplane/shared/limits";

/**
 * The status that a decision comes to, or `undefined` when it says nothing new. Pure.
 * `decisions` grows only with what is recorded; staying where one is, for the same specification, is not.
 */
export function statusAfter(app: Application, decision: Decision): ApplicationStatus | undefined {
  const { status } = app;
  const isHandover = status.scheduled_generation < decision.generation;
  const isMove = decision.outcome === "placed" || decision.outcome === "moved";
  const conditions = setCondition(
    toldBeside(status.conditions, decision),
    {
      type: "Scheduled",
      status: decision.chosen === null ? "False" : "True",
      reason: decision.chosen === null ? decision.reason.code : "Placed",
      message: decision.chosen === null ? decision.reason.message : placedText(decision),
      observed_generation: decision.generation,
    },
    decision.time,
  );
  if (decision.new_cluster?.phase === "waiting" && saysThatItWaits(app)) return undefined;
  const newCluster = newClusterAfter(app, decision);
  const isStep = newCluster !== undefined;
  // The cluster of the last copy is taken away, and waits until nothing belongs there any more.
  const isRelease = decision.places?.length === 0 && status.scheduled_to !== null;
  if (!isMove && !isHandover && !isRelease && !isStep && conditions === status.conditions) {
    return undefined;
  }
  const { new_cluster: known, ...plain } = status;
  const recorded = {
    ...plain,
    ...(newCluster ?? sameCluster(known)),
    conditions: [...conditions],
    decisions: decision.sequence,
  };
  if (isRelease) return { ...recorded, scheduled_to: null, places: [] };
  if (decision.chosen === null) return recorded;
  const { places: _places, ...others } = recorded;
  const handed = {
    ...others,
    ...(decision.places === undefined ? {} : { places: decision.places.map(copyPlace) }),
    scheduled_generation: decision.generation,
    kube_controller_triggered: decision.time,
  };
  if (!isMove) return handed;
  return {
    ...handed,
    ...movesAfter(app, decision),
    // More copies, or fewer, are no move: the next better place need not wait for that.
    scheduled:
      decision.replaced?.length === 0 ? (status.scheduled ?? decision.time) : decision.time,
    scheduled_to: clusterRef(decision.chosen),
  };
}

/**
 * What the status says of a cluster that is made for the application, with Krake's own field; `undefined` when this decision
 * changes nothing about it. Once it is there, nothing is left of it.
 */
function newClusterAfter(
  { metadata, status }: Application,
  { new_cluster: step, time }: Decision,
): Pick<ApplicationStatus, "new_cluster" | "auto_cluster_create_started"> | undefined {
  if (step === undefined || step.phase === "waiting") return undefined;
  if (step.phase === "ready") return { auto_cluster_create_started: null };
  const { name, cloud, attempt, phase, reason } = step;
  const isStart = phase === "started";
  const { generation } = metadata;
  const started = isStart ? time : (status.new_cluster?.started ?? time);
  const ended = isStart ? null : time;
  return {
    new_cluster: { name, cloud, attempt, generation, started, ended, reason },
    auto_cluster_create_started: isStart ? name : null,
  };
}

function saysThatItWaits({ metadata, status }: Application): boolean {
  const scheduled = conditionOf(status.conditions, "Scheduled");
  return (
    scheduled?.reason === waitingForCluster && scheduled.observed_generation === metadata.generation
  );
}

/** Krake's field says what ours does: a name that was taken over from Krake has nobody who makes it. */
function sameCluster(
  known: ApplicationStatus["new_cluster"],
): Pick<ApplicationStatus, "new_cluster" | "auto_cluster_create_started"> {
  if (known === undefined) return { auto_cluster_create_started: null };
  return {
    new_cluster: known,
    auto_cluster_create_started: known.ended === null ? known.name : null,
  };
}

/** What people are told of a decision beside where it leads: that the brake holds it, and by which policy it was made. */
function toldBeside(conditions: readonly Condition[], decision: Decision): readonly Condition[] {
  const { policy, generation: observed_generation, time } = decision;
  const held = isHeldByBrake(decision)
    ? setCondition(conditions, { ...heldFinding, observed_generation }, time)
    : dropCondition(conditions, "Held");
  if (policy === undefined) return dropCondition(held, "Policy");
  const { problem, name } = policy;
  const finding = {
    type: "Policy",
    status: problem === null ? ("True" as const) : ("False" as const),
    reason: problem === null ? "Applied" : problem.code,
    message: problem?.message ?? (name === null ? "its own weights" : `placement policy ${name}`),
    observed_generation,
  };
  return setCondition(held, finding, time);
}

/** Without numbers: they change with every cluster, and everybody's status would be written again. */
const heldFinding = {
  type: "Held",
  status: "True",
  reason: "FleetBraked",
  message: "its cluster does not fit, but many vanished at once: nothing is moved for a while",
} as const;

/** One that would only be better off elsewhere is not worth a word while there is an outage. */
function isHeldByBrake({ reason, chosen, candidates }: Decision): boolean {
  if (reason.code !== "FleetBraked") return false;
  const here = candidates.find(
    ({ cluster }) => cluster.name === chosen?.name && cluster.namespace === chosen.namespace,
  );
  return here?.fits === false;
}

/** The moves that a decision makes, of each copy that goes elsewhere; to come from nowhere is none. */
export function movesOf(decision: Decision): readonly Move[] {
  const { outcome, previous, chosen, replaced, time } = decision;
  if (outcome !== "moved") return [];
  if (replaced !== undefined) return replaced.map((move) => ({ time, ...move }));
  if (previous === null || chosen === null) return [];
  return [{ time, from: previous.name, to: chosen.name }];
}

function copyPlace({ share, ...place }: NonNullable<Decision["places"]>[number]): CopyPlace {
  return { cluster: clusterRef(place), share };
}

function placedText({ chosen, places, missing }: Decision): string {
  if (places === undefined) return `placed on ${chosen?.name}`;
  const names = places.map(({ name }) => name).join(", ");
  if (missing === undefined || missing <= 0) return `placed on ${names}`;
  const wanted = places.length + missing;
  return `placed on ${names}; no cluster fits for ${missing} of ${wanted} copies`;
}

/** The moves and failures that are remembered: what budgets count and what is left alone for a while. */
function movesAfter(
  app: Application,
  decision: Decision,
): Pick<ApplicationStatus, "moves" | "failed_moves"> {
  const made = movesOf(decision);
  const [move] = made;
  if (move === undefined) return {};
  const { moves = [], failed_moves: known, running_on: running } = app.status;
  const hasFailed = decision.reason.code === "MigrationFailed";
  const wasHealthy = running?.name === move.from;
  const failed = hasFailed
    ? failedMovesAfter(app, { cluster: move.from, time: move.time })
    : wasHealthy && known !== undefined
      ? failedMovesAfter(app, { cluster: move.from })
      : known;
  return {
    moves: [...moves, ...made].slice(-limits.movesKeptMax),
    ...(failed === undefined ? {} : { failed_moves: [...failed] }),
  };
}

export function clusterRef(place: Place): ResourceRef {
  return { api: "kubernetes", kind: "Cluster", namespace: place.namespace, name: place.name };
}

/** True when the state that the decision was made from is still the newest, as far as the decision depends on it. */
export function stillHolds(app: Application, decidedOn: Application): boolean {
  return (
    app.metadata.generation === decidedOn.metadata.generation &&
    app.metadata.deleted === null &&
    isCompleted(app) === isCompleted(decidedOn) &&
    app.status.decisions === decidedOn.status.decisions &&
    app.status.running_on?.name === decidedOn.status.running_on?.name &&
    app.status.scheduled_to?.name === decidedOn.status.scheduled_to?.name &&
    app.status.scheduled_to?.namespace === decidedOn.status.scheduled_to?.namespace &&
    clustersText(app) === clustersText(decidedOn)
  );
}

function clustersText({ status }: Application): string {
  return (status.places ?? []).map(({ cluster }) => cluster.name).join(" ");
}
