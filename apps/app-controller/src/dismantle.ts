import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { conditionOf, setCondition, type Finding } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { parseRef } from "@octoplane/resources/keys";
import { sameRef } from "@octoplane/resources/record";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { resourcesFinalizer, type AppWorld } from "./app-world.ts";
import { shutDown, type ShutDown } from "./hooks/shut-down.ts";
import { removeCopies } from "./remove-copy.ts";
import { StatusWriter } from "./status-writer.ts";
import type { Trouble } from "./trouble.ts";

/** Deletion: every copy goes, and with the last of them our finalizer. */
export async function dismantle(
  world: AppWorld,
  key: string,
  app: Application,
  signal: AbortSignal,
): Promise<Result> {
  const { finalizers, uid } = app.metadata;
  if (finalizers.at(-1) !== resourcesFinalizer) return {};
  const status = new StatusWriter(world, key, app);
  const asked = await shutDown(world, { app, copies: app.status.copies, status, signal });
  // All of them at once: while one is waited for, the application is not being removed yet.
  if (!asked.copies.every(asked.mayGo)) return waiting(asked);
  const { copies } = asked;
  if (copies.length > 0 && conditionOf(app.status.conditions, "Deleting") === undefined) {
    await status.write((current) => deleting(world, app, { current, copies }));
  }
  const record = async (copy: Copy): Promise<void> =>
    await status.write((current) => {
      const others = current.copies.map((one) => (sameRef(one.cluster, copy.cluster) ? copy : one));
      return deleting(world, app, { current, copies: others });
    });
  const remains = await removeCopies(world, uid, { copies, app, record }, signal);
  if (remains.copies.length === 0) {
    await world.repository.removeFinalizer(parseRef(key), uid, resourcesFinalizer);
    return {};
  }
  const [trouble] = remains.troubles;
  await status.write((current) =>
    deleting(world, app, { current, copies: remains.copies, trouble }),
  );
  if (!trouble) return { requeueAfterMs: limits.removalCheckMs };
  return { failed: true, notBeforeMs: trouble.retryAfterMs ?? 0 };
}

function waiting({ waitMs }: ShutDown): Result {
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

function deleting(
  world: AppWorld,
  app: Application,
  found: {
    readonly current: ApplicationStatus;
    readonly copies: readonly Copy[];
    readonly trouble?: Trouble | undefined;
  },
): ApplicationStatus {
  const { current, copies, trouble } = found;
  const finding: Finding = {
    type: "Deleting",
    observed_generation: app.metadata.generation,
    ...(trouble
      ? { status: "False", reason: trouble.code, message: trouble.message }
      : { status: "True", reason: "Removing", message: "" }),
  };
  const conditions = setCondition(current.conditions, finding, isoTime(world.clock.now()));
  return { ...current, copies: [...copies], conditions: [...conditions] };
}
