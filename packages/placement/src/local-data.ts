import type { Application } from "@octoplane/kinds/application";
import type { Candidate } from "./candidate.ts";
import type { Snapshot } from "./snapshot.ts";

export const localDataCode = "NodeLocalData";

/** True when the application stays where it runs, whatever the clusters are like, because its data would be left behind. */
export function holdsLocalData(app: Application, snapshot: Snapshot, current: Candidate): boolean {
  if (snapshot.localData === undefined) return false;
  if (app.spec.placement?.local_data === "abandon") return false;
  return (app.status.copies ?? []).some(
    ({ cluster, generation }) =>
      generation > 0 && cluster.name === current.name && cluster.namespace === current.namespace,
  );
}

export function localDataMessage({ localData }: Snapshot): string {
  return `its data stays on the nodes of its cluster: ${localData ?? ""}`;
}
