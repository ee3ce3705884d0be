import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { dropCondition, setCondition } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { sameRef } from "@octoplane/resources/record";
import { withCopies } from "@octoplane/resources/shutdown";
import { isoTime } from "@octoplane/shared/clock";
import type { AppWorld } from "./app-world.ts";
import { shutDown } from "./hooks/shut-down.ts";
import { afterRemoval, removeCopies, type Remains } from "./remove-copy.ts";
import { StatusWriter } from "./status-writer.ts";
import { appliedFinding, podTotals } from "./summary.ts";

/** A stopped application: its objects go, its record stays, and with it where it belongs. */
export async function takeDown(
  world: AppWorld,
  work: {
    readonly key: string;
    readonly app: Application;
    readonly copies: readonly Copy[];
    readonly signal: AbortSignal;
  },
): Promise<Result> {
  const { key, app, copies, signal } = work;
  const status = new StatusWriter(world, key, app);
  const record = async (copy: Copy): Promise<void> =>
    await status.write((current) => ({
      ...current,
      copies: current.copies.map((one) => (sameRef(one.cluster, copy.cluster) ? copy : one)),
    }));
  const asked = await shutDown(world, { app, copies, status, signal });
  const stays = (copy: Copy): boolean => !asked.mayGo(copy);
  const going = { copies: asked.copies, stays, app, record };
  const remains = await removeCopies(world, app.metadata.uid, going, signal);
  const now = isoTime(world.clock.now());
  await status.write((current) => withCopies(app, stopped(current, app, remains, now), now));
  return afterRemoval(remains, asked.waitMs);
}

function stopped(
  status: ApplicationStatus,
  app: Application,
  { copies, troubles }: Remains,
  now: string,
): ApplicationStatus {
  const { generation } = app.metadata;
  const isOver = copies.length === 0 && troubles.length === 0;
  const finding = isOver
    ? ({
        type: "Applied",
        status: "True",
        reason: "Stopped",
        message: "stopped: its objects are removed, its record stays",
      } as const)
    : appliedFinding({ isComplete: false, troubles });
  const conditions = setCondition(
    dropCondition(status.conditions, "Healthy"),
    { ...finding, observed_generation: generation },
    now,
  );
  const rest = { ...status, copies: [...copies], conditions: [...conditions] };
  if (!isOver) return rest;
  return {
    ...rest,
    observed_generation: generation,
    running_on: null,
    container_health: podTotals([]),
    services: {},
  };
}
