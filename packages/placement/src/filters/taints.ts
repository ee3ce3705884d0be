import type { Application } from "@octoplane/kinds/application";
import { taintText, toleratedSeconds } from "@octoplane/kinds/taint";
import type { Candidate, CandidateTaint } from "../candidate.ts";
import type { Filter } from "../filter.ts";

/**
 * The cluster is neither drained nor cordoned nor tainted, or the application may be there all the same. What runs there
 * has to go only when the cluster is drained, or bears a taint of NoExecute that is not tolerated, or no longer.
 */
export const taintsFilter: Filter = {
  name: "taints",
  prepare:
    (app, { now }) =>
    (candidate, isCurrent) => {
      if (candidate.isDrained) {
        return { reason: "ClusterDraining", message: "the cluster is being drained" };
      }
      if (isCurrent) return refusalOfCurrent(app, candidate, now);
      if (candidate.isCordoned) {
        return { reason: "ClusterCordoned", message: "the cluster is cordoned" };
      }
      for (const taint of candidate.taints) {
        const seconds = toleratedSeconds(taint, app.spec.tolerations);
        if (seconds === Infinity) continue;
        const message =
          seconds === 0
            ? `${taintText(taint)} is not tolerated`
            : `${taintText(taint)} is tolerated for ${seconds} s only, by what runs there`;
        return { reason: "TaintNotTolerated", message };
      }
      return undefined;
    },
};

function refusalOfCurrent(app: Application, candidate: Candidate, now: number) {
  for (const taint of candidate.taints) {
    const until = toleratedUntil(app, taint, now);
    if (until > now) continue;
    const seconds = toleratedSeconds(taint, app.spec.tolerations);
    const message =
      seconds === 0
        ? `${taintText(taint)} is not tolerated`
        : `${taintText(taint)} was tolerated for ${seconds} s, which are over`;
    return { reason: "TaintNotTolerated", message };
  }
  return undefined;
}

/** How long an application may stay on the cluster that it is on, in milliseconds since the epoch; `Infinity`: for ever. */
export function staysUntil(app: Application, candidate: Candidate, now: number): number {
  return Math.min(Infinity, ...candidate.taints.map((taint) => toleratedUntil(app, taint, now)));
}

/** A taint that was not yet written down when it was first seen is as old as this look at it. */
function toleratedUntil(app: Application, taint: CandidateTaint, now: number): number {
  if (taint.effect === "NoSchedule") return Infinity;
  const seconds = toleratedSeconds(taint, app.spec.tolerations);
  return seconds === 0 ? 0 : (taint.since ?? now) + seconds * 1_000;
}
