import type { Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";
import { sameRef } from "@octoplane/resources/record";

/** What a decision depends on of an application, as text: a change of anything else wakes nobody. Pure. */
export function decisionDigest(app: Application): string {
  const { uid, generation, deleted, labels } = app.metadata;
  const bound = app.status.scheduled_to;
  const place = [bound?.namespace, bound?.name];
  const facts = [uid, generation, deleted, ...place, JSON.stringify(labels), movingOf(app)];
  return [...facts, healthOf(app)].join(" ");
}

/** Of several copies the next one may move only when all are well; of one, `movingOf` says as much. */
function healthOf({ spec, status }: Application): string {
  if (spec.placement?.copies === undefined) return "";
  return conditionOf(status.conditions, "Healthy")?.status === "True" ? "healthy" : "ailing";
}

/** How far a move has come, as far as a decision depends on it. */
function movingOf({ status, metadata }: Application): string {
  const { running_on: running, scheduled_to: target } = status;
  if (running === null || target === null || sameRef(running, target)) return "settled";
  const applied = conditionOf(status.conditions, "Applied");
  const isRefused =
    applied?.status === "False" && applied.observed_generation === metadata.generation;
  return isRefused ? "refused" : "moving";
}
