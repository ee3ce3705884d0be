import type { Application } from "@octoplane/kinds/application";
import { decide } from "@octoplane/placement/decide";
import type { Result } from "@octoplane/reconcile/controller";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { decisionWrite } from "@octoplane/resources/decision-log";
import { parseRef } from "@octoplane/resources/keys";
import type { Repository } from "@octoplane/resources/repository";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { CandidateBook } from "./candidate-book.ts";
import { statusAfter, stillHolds } from "./record-decision.ts";

export interface SchedulerWorld {
  readonly applications: KindFeed<Application>;
  readonly repository: Repository<Application>;
  readonly candidates: CandidateBook;
  readonly clock: Clock;
  readonly stickiness: number;
  readonly rescheduleAfterMs: number;
}

/** How soon to look again while the first values of a metric are being fetched. */
const metricsPendingMs = 100;

/** Decides where one application belongs and writes it down, guarded by what it was decided on. */
export async function reconcileApplication(world: SchedulerWorld, key: string): Promise<Result> {
  const app = world.applications.objects.get(key);
  if (!app || app.metadata.deleted !== null) return {};
  const candidates = world.candidates.of(app.metadata.namespace ?? "");
  if (!candidates) return { requeueAfterMs: metricsPendingMs };
  const now = world.clock.now();
  const { stickiness, rescheduleAfterMs } = world;
  const decision = decide(
    app,
    { now, candidates, stickiness, rescheduleAfterMs },
    limits.decisionCandidatesMax,
  );
  if (statusAfter(app, decision) !== undefined) {
    const change = (current: Application) => {
      if (!stillHolds(current, app))
        throw failure("Conflict", "the application changed while it was decided on");
      const status = statusAfter(current, decision);
      return status && { status, also: [decisionWrite(app.metadata.uid, decision)] };
    };
    await world.repository.updateStatus(parseRef(key), app.metadata.uid, change, app);
  }
  if (decision.held_until === null) return {};
  const heldMs = Date.parse(decision.held_until) - now;
  return { requeueAfterMs: Math.min(Math.max(1, heldMs), limits.heldLookMs) };
}
