import type { Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";

/**
 * True when all work of the present specification is done (Jobs that have ended): to move it would be to do it again.
 * A new specification is new work. Pure.
 */
export function isCompleted(app: Pick<Application, "metadata" | "status">): boolean {
  const healthy = conditionOf(app.status.conditions, "Healthy");
  return (
    healthy?.status === "True" &&
    healthy.reason === "Completed" &&
    healthy.observed_generation === app.metadata.generation
  );
}
