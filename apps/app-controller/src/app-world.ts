import type { Application } from "@octoplane/kinds/application";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import type { Repository } from "@octoplane/resources/repository";
import type { Clock } from "@octoplane/shared/clock";
import type { Random } from "@octoplane/shared/random";
import type { ClusterView } from "./cluster-view.ts";
import type { Unrecorded } from "./disown.ts";
import type { HookSigners } from "./hooks/hook-certificates.ts";
import type { HookSettings } from "./hooks/hook-tokens.ts";
import type { ShutdownTarget } from "./hooks/shutdown-request.ts";
import type { SourceFetch } from "./translation/source-fetch.ts";

/** What the reconcile needs of the world; each of them may fail. */
export interface AppWorld {
  readonly repository: Repository<Application>;
  readonly clock: Clock;
  readonly random: Random;
  readonly startGraceMs: number;
  /** What a URL of a user's leads to, within the limits that the operator has set. */
  readonly fetchSource: SourceFetch;
  readonly hooks: HookSettings;
  /** Those of the hooks that have certificates. */
  readonly hookSigners: HookSigners;
  /** Where applications on clusters reach the API: `https://octoplane.example:8080`. */
  readonly apiEndpoint: string;
  /** Asks an application to get ready to be removed; gives what was wrong, or nothing. */
  requestShutdown(target: ShutdownTarget, signal: AbortSignal): Promise<string | undefined>;
  /** The application as it is now; never older than what this process wrote, or failed to write, last. */
  read(key: string): Promise<Application | undefined>;
  /** Told of each status that was written. */
  wrote(key: string, app: Application): void;
  /** By key of the application: what was made and is not written down. */
  readonly unrecorded: Map<string, Unrecorded>;
  /** `undefined` when there is no such cluster any more. */
  clusterUid(ref: ResourceRef): string | undefined;
  /** True when somebody has deleted the cluster, which is there until nothing stands on it any more. */
  isTakenAway(ref: ResourceRef): boolean;
  clusterLabels(ref: ResourceRef): Readonly<Record<string, string>>;
  /** Why a cluster is known not to answer: nobody waits for it then, and its return wakes everybody. */
  outage(ref: ResourceRef): string | undefined;
  /** The cluster as we see it; a KubeError when it cannot be connected to. */
  view(ref: ResourceRef): Promise<ClusterView>;
  isLiving(uid: string): boolean;
  /** An application by its name, as it was seen last. */
  application(ref: { readonly namespace: string; readonly name: string }): Application | undefined;
  /** The other applications that have objects in a namespace of a cluster, by the books; `uid` is our own. */
  othersIn(cluster: ResourceRef, namespace: string, uid: string): readonly string[];
}

export const resourcesFinalizer = "kubernetes_resources_deletion";
