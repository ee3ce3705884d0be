import type { Application } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Run } from "@octoplane/kinds/run";
import type { Kube } from "@octoplane/kube/kube";
import type { Repository } from "@octoplane/resources/repository";
import type { Clock } from "@octoplane/shared/clock";

/** What a reconcile of a run has to do with. */
export interface RunWorld {
  readonly repository: Repository<Run>;
  readonly clock: Clock;
  readonly application: (ref: {
    readonly namespace: string | null;
    readonly name: string;
  }) => Application | undefined;
  /** The uid of a cluster that is registered. */
  readonly clusterUid: (ref: ResourceRef) => string | undefined;
  /** Why it is known not to answer. */
  readonly outage: (ref: ResourceRef) => string | undefined;
  readonly kube: (ref: ResourceRef) => Promise<Kube>;
}
