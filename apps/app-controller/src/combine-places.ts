import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { boundClusters } from "@octoplane/kinds/bound-places";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { sameRef } from "@octoplane/resources/record";
import type { PlaceOutcome } from "./apply-place.ts";
import type { HealthSummary } from "./summary.ts";
import type { Trouble } from "./trouble.ts";

/** What all places of an application come to together. With one place, each is just that place's own. All pure. */

/** Of one place at least. What is broken somewhere comes before what is merely not ready yet; of several places the first is told, with its cluster. */
export function combinedHealth(outcomes: readonly PlaceOutcome[]): HealthSummary {
  const broken = outcomes.find(({ health: { finding } }) => isBroken(finding));
  const late = broken ?? outcomes.find(({ health }) => health.finding.status !== "True");
  const first = late ?? outcomes.find(({ health }) => health.finding.reason === "Healthy");
  const told = first ?? outcomes[0]!;
  const waits = outcomes
    .map(({ health }) => health.graceLeftMs)
    .filter((wait) => wait !== undefined);
  const { finding } = told.health;
  const message = finding.message === "" ? "" : titled(outcomes, told, finding.message);
  return {
    finding: { ...finding, message },
    serves: outcomes.every(({ health }) => health.serves),
    graceLeftMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

function isBroken({ status, reason }: HealthSummary["finding"]): boolean {
  return status !== "True" && reason !== "Starting" && reason !== "Updating";
}

/** What keeps the places from being what they should be; what a place that serves meets is no trouble to anybody. */
export function combinedTroubles(outcomes: readonly PlaceOutcome[]): readonly Trouble[] {
  return outcomes.flatMap((outcome) =>
    outcome.isReady
      ? []
      : outcome.result.troubles.map((trouble) => ({
          ...trouble,
          message: titled(outcomes, outcome, trouble.message),
        })),
  );
}

/** Pods of all places; addresses under their names, those beyond the first place with their cluster. */
export function combinedShown(
  outcomes: readonly PlaceOutcome[],
  before: Pick<ApplicationStatus, "container_health" | "services">,
): Pick<ApplicationStatus, "container_health" | "services"> {
  const seen = outcomes.filter(({ shown }) => shown !== undefined);
  if (seen.length === 0) return before;
  const total = { desired_pods: 0, running_pods: 0, completed_pods: 0, failed_pods: 0 };
  const services: Record<string, string> = {};
  for (const { place, shown } of seen) {
    for (const name of Object.keys(total) as (keyof typeof total)[]) {
      total[name] += shown!.container_health[name];
    }
    for (const [name, address] of Object.entries(shown!.services)) {
      services[place.index === 0 ? name : `${name} (${place.cluster.name})`] = address;
    }
  }
  return { container_health: total, services };
}

/**
 * Which of the copies elsewhere stay for now: one that serves for each place that does not yet, the one that people know of
 * first. Nobody looks at how they are, so that all of them stay while no place serves: any may be the last that does. A copy that
 * was never applied in full serves nobody, and neither does a failed attempt while people are served elsewhere.
 */
export function standIns(
  { status }: Pick<Application, "status">,
  others: readonly Copy[],
  missing: number,
): ReadonlySet<Copy> {
  const { running_on: running, places } = status;
  const isRunning = (copy: Copy): boolean => running !== null && sameRef(copy.cluster, running);
  const serving =
    places === undefined && others.some(isRunning)
      ? others.filter(isRunning)
      : others
          .filter((copy) => isRunning(copy) || copy.generation > 0)
          .toSorted((a, b) => Number(isRunning(b)) - Number(isRunning(a)));
  return new Set(missing >= boundClusters(status).length ? serving : serving.slice(0, missing));
}

/**
 * The copy that people are told of: the first place, as soon as it is there. An attempt that fails takes nothing away: where it
 * ran, it runs, as long as that copy is in the books.
 */
export function runningOn(
  { status }: Pick<Application, "status">,
  reached: readonly PlaceOutcome[],
  copies: readonly Copy[],
): ResourceRef | null {
  const { running_on: running } = status;
  const [first] = reached;
  if (first?.place.index === 0) return first.place.cluster;
  if (running !== null && copies.some((copy) => sameRef(copy.cluster, running))) return running;
  return first?.place.cluster ?? null;
}

function titled(
  outcomes: readonly PlaceOutcome[],
  { place }: PlaceOutcome,
  message: string,
): string {
  const { name } = place.cluster;
  return outcomes.length < 2 || message.startsWith(`cluster ${name}`)
    ? message
    : `${name}: ${message}`;
}
