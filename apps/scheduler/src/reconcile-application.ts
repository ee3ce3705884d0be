import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import { awaitsManifest } from "@octoplane/kinds/manifest-source";
import { isGeneralHold } from "@octoplane/placement/calm";
import { decide } from "@octoplane/placement/decide";
import { isAwaiting, newClusterFactsFor } from "@octoplane/placement/new-cluster-facts";
import { encodeInputs, engineVersion } from "@octoplane/placement/decision-inputs";
import type { FleetSettings } from "@octoplane/placement/fleet";
import type { PlacementGroups } from "@octoplane/placement/groups/placement-groups";
import type { Snapshot } from "@octoplane/placement/snapshot";
import type { Result } from "@octoplane/reconcile/controller";
import { decisionWrite } from "@octoplane/resources/decision-log";
import type { Seen } from "@octoplane/resources/fleet-journal";
import type { KindFeed } from "@octoplane/resources/kind-feed";
import { parseRef } from "@octoplane/resources/keys";
import { statusRevision } from "@octoplane/resources/record";
import type { Repository } from "@octoplane/resources/repository";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { CalmBook } from "./calm-book.ts";
import type { Clouds } from "./clouds/clouds.ts";
import type { FleetSource, SchedulerFleet } from "./fleet-view.ts";
import { movesOf, statusAfter, stillHolds } from "./record-decision.ts";
import type { Standings } from "./standings.ts";

export interface SchedulerWorld {
  readonly applications: Pick<KindFeed<Application>, "objects">;
  readonly repository: Repository<Application>;
  readonly fleet: FleetSource;
  readonly clock: Clock;
  readonly settings: FleetSettings;
  readonly standings: Standings;
  /** What an application's own settings, the budgets and the brake say. */
  readonly calm: CalmBook;
  readonly clouds: Pick<Clouds, "factsOf" | "create">;
  /** True when it belongs on a cluster that was not heard of yet. */
  isAheadOfClusters(app: Application): Promise<boolean>;
  /** Who is woken when a cluster changes. */
  readonly groups: Pick<PlacementGroups, "holds">;
  /** By key, the revision of the status that was written here last, until the feed shows it. */
  readonly written: Map<string, bigint>;
}

/** How soon to look again while the first values of a metric are being fetched. */
const metricsPendingMs = 100;

/** How soon the feed shows what was committed, mostly. */
const feedLagMs = 20;

/** Decides where one application belongs and writes it down, guarded by what it was decided on. */
export async function reconcileApplication(world: SchedulerWorld, key: string): Promise<Result> {
  const shown = presentApplication(world, key);
  if (shown && (await world.isAheadOfClusters(shown))) return { requeueAfterMs: feedLagMs };
  const seen = shown ? await world.fleet.seen(parseRef(key).namespace ?? "") : undefined;
  // Looked at again: while the fleet was written down it may have changed, or gone.
  const app = presentApplication(world, key);
  if (!app) {
    world.written.delete(key);
    return {};
  }
  // On what is older than our own last word a decision would find nothing to write, and nobody would look again.
  if (isBehind(world, key, app)) return { requeueAfterMs: feedLagMs };
  // What it asks of a cluster is not known before its template is translated, which makes it another generation.
  if (awaitsManifest(app.spec)) return {};
  if (!seen) return { requeueAfterMs: metricsPendingMs };
  const now = world.clock.now();
  const { candidates } = seen.view;
  const clouds = world.clouds.factsOf(app.metadata.namespace ?? "");
  if (!clouds && (app.spec.auto_cluster_create || isAwaiting(app)))
    return { requeueAfterMs: metricsPendingMs };
  const facts = {
    ...world.standings.facts(app, candidates),
    ...world.calm.factsOf(app, now),
    ...newClusterFactsFor(app, clouds?.newCluster),
  };
  const snapshot: Snapshot = { ...world.settings, now, candidates, ...facts };
  const decision = decide(app, snapshot, limits.decisionCandidatesMax);
  if (statusAfter(app, decision) !== undefined) {
    const recorded = withBasis(decision, { app, snapshot, seen });
    const change = (current: Application) => {
      if (!stillHolds(current, app))
        throw failure("Conflict", "the application changed while it was decided on");
      const status = statusAfter(current, decision);
      return status && { status, also: [decisionWrite(app.metadata.uid, recorded)] };
    };
    const { uid } = app.metadata;
    const { new_cluster: step } = decision;
    // First the cluster, then that it is waited for: after a crash in between the same one is asked for again.
    if (step?.phase === "started") await world.clouds.create(app, step);
    const decided = await whileReserved(world, key, decision, () =>
      world.repository.updateStatus(parseRef(key), uid, change, app),
    );
    world.written.set(key, statusRevision(decided));
  }
  const heldUntil = decision.held_until === null ? 0 : Date.parse(decision.held_until);
  world.groups.holds(key, isGeneralHold(decision.reason) ? heldUntil : 0);
  if (decision.held_until === null) return {};
  const heldMs = heldUntil - now + world.calm.spreadMs(decision.reason);
  return { requeueAfterMs: Math.min(Math.max(1, heldMs), limits.heldLookMs) };
}

/**
 * What a decision takes is reserved before anything else is decided, and given back when the decision is not written. No
 * `await` comes between the look at what is free and this.
 */
async function whileReserved(
  { standings, calm }: SchedulerWorld,
  key: string,
  decision: Decision,
  write: () => Promise<Application>,
): Promise<Application> {
  const { chosen, places } = decision;
  if (chosen !== null) standings.reserve(key, places ?? [chosen]);
  const moves = movesOf(decision);
  for (const move of moves) calm.moves.reserve(key, move);
  try {
    const written = await write();
    standings.settle(key, statusRevision(written));
    return written;
  } catch (error) {
    standings.release(key);
    for (const move of moves) calm.moves.giveBack(key, move);
    throw error;
  }
}

function presentApplication(world: SchedulerWorld, key: string): Application | undefined {
  const app = world.applications.objects.get(key);
  return app?.metadata.deleted === null ? app : undefined;
}

/** The decision with what it was made on; without, when the fleet could not be written down. */
function withBasis(
  decision: Decision,
  on: {
    readonly app: Application;
    readonly snapshot: Snapshot;
    readonly seen: Seen<SchedulerFleet>;
  },
): Decision {
  const { basis } = on.seen;
  if (!basis) return decision;
  const inputs = encodeInputs(on.app, on.snapshot, limits.decisionCandidatesMax);
  return { ...decision, basis: { engine: engineVersion, ...basis, inputs } };
}

function isBehind({ written }: SchedulerWorld, key: string, app: Application): boolean {
  const last = written.get(key);
  if (last === undefined) return false;
  if (statusRevision(app) < last) return true;
  written.delete(key);
  return false;
}
