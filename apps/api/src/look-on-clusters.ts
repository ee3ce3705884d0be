import type { InventoryItem } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { ManifestIdentity } from "@octoplane/kinds/manifest";
import { connectKube } from "@octoplane/kube/http-kube";
import { KubeError, type Kube, type ObjectRef, type ServedKind } from "@octoplane/kube/kube";
import type { Found, LookOnCluster } from "@octoplane/resources/krake/krake-place";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";

interface Opened {
  readonly kube: Kube;
  /** Why nobody need ask it again. */
  silence: string | undefined;
}

/** Looks for objects on clusters, for the time of one request: each cluster is connected to once. */
export class ClusterLooks implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #opened = new Map<string, Opened>();

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  readonly look: LookOnCluster = async (cluster, wanted) => {
    try {
      const opened = this.#open(cluster);
      if (opened.silence !== undefined) return opened.silence;
      try {
        return await findOn(opened.kube, wanted, this.#signal);
      } catch (error) {
        if (error instanceof KubeError && error.status === 0) opened.silence = error.message;
        throw error;
      }
    } catch (error) {
      if (error instanceof KubeError) return error.message;
      throw error;
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ kube }) => kube[Symbol.asyncDispose]()));
  }

  #open({ metadata, spec }: Cluster): Opened {
    let opened = this.#opened.get(metadata.uid);
    if (!opened) {
      // Several clusters that are away must not use up the time of one request.
      const options = { clock: this.#clock, timeoutMs: limits.probeTimeoutMs };
      opened = { kube: connectKube(spec.kubeconfig, options), silence: undefined };
      this.#opened.set(metadata.uid, opened);
    }
    return opened;
  }
}

async function findOn(
  kube: Kube,
  wanted: readonly ManifestIdentity[],
  signal: AbortSignal,
): Promise<Found> {
  const { kinds, silentGroups } = await kube.discover({ signal });
  const parallel = new Semaphore(limits.applyParallelMax);
  const found = await Promise.all(
    wanted.map((identity) =>
      parallel.run(async () => {
        const served = servedAs(kinds, identity);
        if (served) return await findOne(kube, served, identity, signal);
        if (!silentGroups.includes(identity.group)) return undefined;
        throw new KubeError(`its server of ${identity.group} does not answer`, {
          status: 503,
          reason: "ServiceUnavailable",
          retry: true,
        });
      }),
    ),
  );
  return {
    objects: found.filter((item) => item !== undefined),
    missing: wanted.filter((_identity, index) => found[index] === undefined),
  };
}

function servedAs(
  kinds: readonly ServedKind[],
  identity: ManifestIdentity,
): ServedKind | undefined {
  const candidates = kinds.filter(
    ({ group, kind }) => group === identity.group && kind === identity.kind,
  );
  return candidates.find(({ version }) => version === identity.version) ?? candidates[0];
}

async function findOne(
  kube: Kube,
  served: ServedKind,
  { name, namespace }: ManifestIdentity,
  signal: AbortSignal,
): Promise<InventoryItem | undefined> {
  const place = served.namespaced ? (namespace ?? kube.defaultNamespace) : null;
  const ref: ObjectRef = { served, name, ...(place === null ? {} : { namespace: place }) };
  const object = await kube.get(ref, signal);
  const uid = object?.metadata.uid;
  if (uid === undefined) return undefined;
  const { group, version, kind } = served;
  // Without digests it counts as changed: it is applied once more as it stands in the manifest, and ours from then on.
  const never = { digest: "", fields_digest: "" };
  return { group, version, kind, namespace: place, name, uid, ...never, created: true };
}
