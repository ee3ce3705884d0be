import { explainedHealth, isSick } from "@octoplane/delivery/health/explained-health";
import { KubeError } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import type { Observed } from "../observed.ts";
import { summarize, unwellMs, type HealthSummary } from "../summary.ts";
import type { PodLooks, SickObject } from "./pod-looks.ts";

type Context = Parameters<typeof summarize>[1];

/**
 * How a place is doing, with what Pods say of the workloads that are not healthy. Without a request while all of them are, and for
 * the first moments of one that begins; what a cluster does not tell stays as the workloads say it.
 */
export async function explainPlace(
  observed: readonly Observed[],
  context: Context,
  looks: () => Promise<PodLooks>,
  signal: AbortSignal,
): Promise<{ readonly health: HealthSummary; readonly lookInMs: number | undefined }> {
  const health = summarize(observed, context);
  const sick = observed.filter((object) => isSick(object.health)).map(sickObject);
  if (health.serves || sick.length === 0) return { health, lookInMs: undefined };
  const waitMs = unwellMs(context);
  const patienceMs = Math.min(limits.podPatienceMs, context.graceMs);
  const isPatient = health.graceLeftMs !== undefined && waitMs < patienceMs;
  if (isPatient) return { health, lookInMs: patienceMs - waitMs };
  const lookInMs = nextLookMs(waitMs);
  try {
    const troubles = await (await looks()).troubles(sick, signal);
    const told = observed.map((object) =>
      isSick(object.health)
        ? { ...object, health: explainedHealth(object.health, troubles.get(object.uid)) }
        : object,
    );
    return { health: summarize(told, context), lookInMs };
  } catch (error) {
    if (error instanceof KubeError) return { health, lookInMs };
    throw error;
  }
}

function sickObject({ id, uid }: Observed): SickObject {
  const [, kind = "", namespace = "", name = ""] = id.split("|");
  return { kind, namespace, name, uid };
}

/** What has been unwell for long is asked less and less often, as it is less and less likely to change. */
function nextLookMs(unwellForMs: number): number {
  return Math.min(Math.max(unwellForMs / 4, limits.podLookMs), limits.podLookMostMs);
}
