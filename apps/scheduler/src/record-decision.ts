import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import { setCondition } from "@octoplane/kinds/condition";
import type { Decision, Place } from "@octoplane/kinds/decision";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { isCompleted } from "@octoplane/placement/completed";

/**
 * The status that a decision comes to, or `undefined` when it says nothing new. Pure.
 * `decisions` grows only with what is recorded; staying where one is, for the same specification, is not.
 */
export function statusAfter(app: Application, decision: Decision): ApplicationStatus | undefined {
  const { status } = app;
  const isHandover = status.scheduled_generation < decision.generation;
  const isMove = decision.outcome === "placed" || decision.outcome === "moved";
  const conditions = setCondition(
    status.conditions,
    {
      type: "Scheduled",
      status: decision.chosen === null ? "False" : "True",
      reason: decision.chosen === null ? decision.reason.code : "Placed",
      message:
        decision.chosen === null ? decision.reason.message : `placed on ${decision.chosen.name}`,
      observed_generation: decision.generation,
    },
    decision.time,
  );
  if (!isMove && !isHandover && conditions === status.conditions) return undefined;
  const recorded = { ...status, conditions: [...conditions], decisions: decision.sequence };
  if (decision.chosen === null) return recorded;
  const handed = {
    ...recorded,
    scheduled_generation: decision.generation,
    kube_controller_triggered: decision.time,
  };
  if (!isMove) return handed;
  return { ...handed, scheduled: decision.time, scheduled_to: clusterRef(decision.chosen) };
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
    app.status.scheduled_to?.name === decidedOn.status.scheduled_to?.name &&
    app.status.scheduled_to?.namespace === decidedOn.status.scheduled_to?.namespace
  );
}
