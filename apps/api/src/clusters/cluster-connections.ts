import { ClusterKind } from "@octoplane/kinds/cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { connectKube } from "@octoplane/kube/http-kube";
import type { Kube } from "@octoplane/kube/kube";
import { KubePool } from "@octoplane/kube/kube-pool";
import { refText, type Ref } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { failure } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import { onCluster } from "./kube-problem.ts";

/** The API server's own connections to clusters, for what flows between users and Pods. */
export class ClusterConnections implements AsyncDisposable {
  readonly #resources: Resources;
  readonly #kubes: KubePool;

  constructor(resources: Resources, log: Log) {
    const { clock } = resources.parts;
    this.#resources = resources;
    this.#kubes = new KubePool((kubeconfig) => connectKube(kubeconfig, { clock, log }));
  }

  /** `NotFound` for a cluster that is not there; `Unavailable` for credentials that cannot be used. */
  async kubeOf(ref: Pick<ResourceRef, "namespace" | "name">): Promise<Kube> {
    const { namespace, name } = ref;
    const place: Ref = { name, ...(namespace === null ? {} : { namespace }) };
    const key = refText(place);
    const cluster = this.#resources.feed(ClusterKind).objects.get(key);
    if (!cluster) {
      this.#kubes.drop(key);
      throw failure("NotFound", `there is no cluster ${name} in namespace ${namespace ?? ""}`);
    }
    const { uid, generation } = cluster.metadata;
    return await onCluster(name, () =>
      this.#kubes.get(key, `${uid}/${generation}`, async () => {
        const { spec } = await this.#resources.of(ClusterKind).reveal(place);
        return spec.kubeconfig;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kubes[Symbol.asyncDispose]();
  }
}
