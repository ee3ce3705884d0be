import type { Application } from "@octoplane/kinds/application";
import { boundClusters, boundPlaces } from "@octoplane/kinds/bound-places";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Candidate } from "@octoplane/placement/candidate";
import { isCounted, requestsOfShare, type Promised } from "@octoplane/placement/promises";
import { refText } from "@octoplane/resources/keys";

/** What is promised on the clusters of one namespace and not yet counted there, as the scheduler counts it. */
export class PromisedSums {
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #measured: ReadonlySet<string>;
  readonly #sums = new Map<string, Requests>();

  constructor(clusters: ReadonlyMap<string, Cluster>, candidates: readonly Candidate[]) {
    this.#clusters = clusters;
    const measured = candidates.filter(({ capacity }) => capacity?.cpu_free_cores !== undefined);
    this.#measured = new Set(measured.map(({ name }) => name));
  }

  add(app: Application): void {
    const { namespace } = app.metadata;
    const places = boundPlaces(app.status);
    const shares = places.map(({ share }) => share);
    for (const [index, { cluster: ref }] of places.entries()) {
      if (ref.namespace !== namespace || !this.#measured.has(ref.name)) continue;
      const cluster = this.#clusters.get(refText({ namespace: namespace ?? "", name: ref.name }));
      if (!cluster || isCounted(app, cluster)) continue;
      const { cpuCores, memoryBytes, pods } = requestsOfShare(app, shares, index);
      const sum = this.#sums.get(ref.name) ?? { cpuCores: 0, memoryBytes: 0, pods: 0 };
      this.#sums.set(ref.name, {
        cpuCores: sum.cpuCores + cpuCores,
        memoryBytes: sum.memoryBytes + memoryBytes,
        pods: sum.pods + pods,
      });
    }
  }

  get sums(): Promised {
    return Object.fromEntries(this.#sums);
  }
}

/** Where it belongs, in its own namespace. */
export function clustersOf(app: Application): readonly string[] {
  const { namespace } = app.metadata;
  return boundClusters(app.status).flatMap((cluster) =>
    cluster.namespace === namespace ? [cluster.name] : [],
  );
}
