import { podTrouble, worstTrouble, type PodTrouble } from "@octoplane/delivery/health/pod-trouble";
import type { Kube, KubeObject, KubeOwner } from "@octoplane/kube/kube";
import { kindOf } from "@octoplane/kube/owned";
import { remarksOfPods } from "@octoplane/kube/pod-remarks";
import { whileWanted } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";

/** A workload that is not healthy. */
export interface SickObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A Pod that does not do its work. */
interface SickPod {
  readonly uid: string;
  readonly owners: readonly KubeOwner[];
  readonly trouble: PodTrouble;
}

interface Look {
  readonly at: number;
  readonly pods: Promise<readonly SickPod[]>;
  /** One that takes longer than the pace is waited for: a slow cluster is not asked twice. */
  isUnderWay: boolean;
}

/**
 * Asks the Pods of one cluster why workloads are not healthy. One list for each namespace, shared by all applications in it, and no
 * more often than `limits.podLookMs`; nobody who is healthy asks.
 */
export class PodLooks {
  readonly #kube: Kube;
  readonly #clock: Clock;
  readonly #looks = new Map<string, Look>();
  /** Whose a ReplicaSet is never changes. */
  readonly #deployments = new Map<string, Promise<string | undefined>>();

  constructor(kube: Kube, clock: Clock) {
    this.#kube = kube;
    this.#clock = clock;
  }

  /** What is wrong, by the uids of the workloads, as far as the cluster tells. A KubeError when it does not answer. */
  async troubles(
    sick: readonly SickObject[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PodTrouble>> {
    const found = new Map<string, PodTrouble>();
    for (const namespace of new Set(sick.map((object) => object.namespace))) {
      const here = sick.filter((object) => object.namespace === namespace);
      const pods = await whileWanted(this.#look(namespace), signal);
      for (const pod of pods) {
        const uid = await whileWanted(this.#ownerAmong(here, pod, namespace), signal);
        if (uid === undefined) continue;
        const before = found.get(uid);
        found.set(uid, worstTrouble(before ? [before, pod.trouble] : [pod.trouble])!);
      }
    }
    return found;
  }

  /** A look that failed keeps the pace, too. */
  #look(namespace: string): Promise<readonly SickPod[]> {
    const now = this.#clock.monotonic();
    for (const [name, { at, isUnderWay }] of this.#looks) {
      if (!isUnderWay && now - at >= limits.podLookMs) this.#looks.delete(name);
    }
    const known = this.#looks.get(namespace);
    if (known) return known.pods;
    const pods = sickPodsIn(this.#kube, namespace);
    const look = { at: now, pods, isUnderWay: true };
    const end = (): void => void (look.isUnderWay = false);
    pods.then(end, end);
    this.#looks.set(namespace, look);
    return pods;
  }

  /** The workload that a Pod is, was made by, or was made for by a ReplicaSet in between. */
  async #ownerAmong(
    sick: readonly SickObject[],
    { uid, owners }: SickPod,
    namespace: string,
  ): Promise<string | undefined> {
    const uids = new Set([uid, ...owners.map((owner) => owner.uid)]);
    const direct = sick.find((object) => uids.has(object.uid));
    if (direct) return direct.uid;
    for (const owner of owners) {
      const mayBe = (object: SickObject): boolean =>
        object.kind === "Deployment" && owner.name.startsWith(`${object.name}-`);
      if (owner.kind !== "ReplicaSet" || !sick.some(mayBe)) continue;
      const made = await this.#deploymentOf(owner, namespace);
      const found = sick.find((object) => object.uid === made);
      if (found) return found.uid;
    }
    return undefined;
  }

  #deploymentOf({ uid, name }: KubeOwner, namespace: string): Promise<string | undefined> {
    const known = this.#deployments.get(uid);
    if (known) return known;
    if (this.#deployments.size >= limits.ownersFetchedMax) this.#deployments.clear();
    const found = this.#fetchDeployment(name, namespace);
    this.#deployments.set(uid, found);
    found.catch(() => this.#deployments.delete(uid));
    return found;
  }

  async #fetchDeployment(name: string, namespace: string): Promise<string | undefined> {
    const served = await kindOf(this.#kube, "apps", "ReplicaSet");
    const object = await this.#kube.get({ served, namespace, name });
    return object?.metadata.ownerReferences?.find(({ kind }) => kind === "Deployment")?.uid;
  }
}

async function sickPodsIn(kube: Kube, namespace: string): Promise<readonly SickPod[]> {
  const sick: { readonly pod: KubeObject; readonly trouble: PodTrouble }[] = [];
  let count = 0;
  const options = { namespace, fieldSelector: "status.phase!=Succeeded" };
  for await (const page of kube.pages(await kindOf(kube, "", "Pod"), options)) {
    for (const pod of page) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const trouble = podTrouble(pod);
      if (trouble && sick.length < limits.podsInTroubleMax) sick.push({ pod, trouble });
    }
    count += page.length;
    if (count >= limits.podsLookedAtMax || sick.length >= limits.podsInTroubleMax) break;
  }
  const isVague = sick.some(({ trouble }) => trouble.certainty === "vague");
  const remarks = isVague ? await remarksOfPods(kube, namespace) : new Map();
  return sick.map(({ pod, trouble }) => {
    const { uid = "", ownerReferences: owners = [] } = pod.metadata;
    return { uid, owners, trouble: podTrouble(pod, remarks.get(uid)) ?? trouble };
  });
}
