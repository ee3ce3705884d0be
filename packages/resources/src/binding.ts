import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import { setCondition } from "@octoplane/kinds/condition";
import type { Place } from "@octoplane/kinds/decision";

/** The status of an application that somebody bound to a cluster by hand (contract section 1.4, "Bind application"). Pure. */
export function boundByRequest(app: Application, place: Place, now: string): ApplicationStatus {
  const { status } = app;
  const { generation } = app.metadata;
  return {
    ...status,
    scheduled: now,
    scheduled_to: { api: "kubernetes", kind: "Cluster", ...place },
    scheduled_generation: generation,
    kube_controller_triggered: now,
    conditions: [
      ...setCondition(
        status.conditions,
        {
          type: "Scheduled",
          status: "True",
          reason: "BoundByRequest",
          message: `bound to ${place.name} by request`,
          observed_generation: generation,
        },
        now,
      ),
    ],
  };
}
