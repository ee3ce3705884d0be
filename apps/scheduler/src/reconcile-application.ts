import type { Application } from "@octoplane/kinds/application";
import { decide } from "@octoplane/placement/decide";
import type { Result } from "@octoplane/reconcile/controller";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { decisionWrite } from "@octoplane/resources/decision-log";
import { parseRef } from "@octoplane/resources/keys";
import { statusRevision } from "@octoplane/resources/record";
import type { Repository } from "@octoplane/resources/repository";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { CandidateBook } from "./candidate-book.ts";
import { statusAfter, stillHolds } from "./record-decision.ts";

export interface SchedulerWorld {
  readonly applications: Pick<KindFeed<Application>, "objects">;
  readonly repository: Repository<Application>;
  readonly candidates: CandidateBook;
  readonly clock: Clock;
  readonly stickiness: number;
  readonly rescheduleAfterMs: number;
  /** By key, the revision of the status that was written here last, until the feed shows it. */
  readonly written: Map<string, bigint>;
}

/** How soon to look again while the first values of a metric are being fetched. */
const metricsPendingMs = 100;

/** How soon the feed shows what was committed, mostly. */
const feedLagMs = 20;

/** Decides where one application belongs and writes it down, guarded by what it was decided on. */
export async function reconcileApplication(world: SchedulerWorld, key: string): Promise<Result> {
  const app = world.applications.objects.get(key);
  if (!app || app.metadata.deleted !== null) {
    world.written.delete(key);
    return {};
  }
  // On what is older than our own last word a decision would find nothing to write, and nobody would look again.
  if (isBehind(world, key, app)) return { requeueAfterMs: feedLagMs };
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
    const { uid } = app.metadata;
    const decided = await world.repository.updateStatus(parseRef(key), uid, change, app);
    world.written.set(key, statusRevision(decided));
  }
  if (decision.held_until === null) return {};
  const heldMs = Date.parse(decision.held_until) - now;
  return { requeueAfterMs: Math.min(Math.max(1, heldMs), limits.heldLookMs) };
}

function isBehind({ written }: SchedulerWorld, key: string, app: Application): boolean {
  const last = written.get(key);
  if (last === undefined) return false;
  if (statusRevision(app) < last) return true;
  written.delete(key);
  return false;
}
