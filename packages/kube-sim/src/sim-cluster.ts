import { stringify } from "yaml";
import type { Cluster, ClusterSettings } from "./cluster.ts";
import { kinds } from "./cluster.ts";
import { ControllerLoop } from "./controllers/controller-loop.ts";
import type { Faults } from "./faults.ts";
import { listAt, mapAt } from "./json.ts";
import { kubeTime } from "./kube-time.ts";
import { storeStatus } from "./operations/internal-write.ts";
import type { SimObject } from "./sim-object.ts";
import type { Traffic } from "./traffic.ts";

/** A simulated cluster as tests and demos hold it. */
export class SimCluster implements Disposable {
  /** The URL that the kubeconfig names. */
  readonly server: string;
  readonly token: string;
  readonly #cluster: Cluster;
  readonly #controllers: ControllerLoop;

  constructor(
    cluster: Cluster,
    access: { readonly server: string; readonly token: string },
    onError: (error: unknown) => void,
  ) {
    this.#cluster = cluster;
    this.#controllers = new ControllerLoop(cluster, onError);
    this.server = access.server;
    this.token = access.token;
  }

  get name(): string {
    return this.#cluster.name;
  }

  /** Faults on demand; see `Faults`. */
  get faults(): Faults {
    return this.#cluster.faults;
  }

  /** Every request as it arrives, to be counted. */
  get traffic(): Traffic {
    return this.#cluster.traffic;
  }

  /** What may be changed while the cluster runs: delays, and whether it has metrics. */
  get settings(): ClusterSettings {
    return this.#cluster.settings;
  }

  /** A kubeconfig with one context, as an object. */
  get kubeconfig(): Record<string, unknown> {
    const { name } = this;
    return {
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      clusters: [{ name, cluster: { server: this.server } }],
      users: [{ name, user: { token: this.token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    };
  }

  get kubeconfigYaml(): string {
    return stringify(this.kubeconfig);
  }

  /** Every object of the cluster, kind by kind. They are shared: do not change them. */
  objects(): readonly SimObject[] {
    return this.#cluster.storage.all();
  }

  /** One object by apiVersion, kind, name and namespace. */
  object(place: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }): SimObject | undefined {
    const kind = this.#cluster.kinds.findByName(place.apiVersion, place.kind);
    if (kind === undefined) return undefined;
    const key = `${kind.group}/${kind.plural}`;
    return this.#cluster.storage.get(key, place.namespace, place.name);
  }

  /**
   * Sets a condition of a node: `Ready`, `MemoryPressure`, `DiskPressure`. Pods follow their node's
   * readiness.
   */
  setNodeCondition(nodeName: string, type: string, status: "True" | "False" | "Unknown"): void {
    const node = this.#cluster.storage.get("/nodes", undefined, nodeName);
    if (node === undefined) throw new Error(`no node ${nodeName}`);
    const now = kubeTime(this.#cluster.clock);
    const others = listAt(node, "status", "conditions").filter((entry) => entry["type"] !== type);
    const condition = {
      type,
      status,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
      reason: "SetByHand",
      message: "set by hand",
    };
    storeStatus(this.#cluster, kinds.node, {
      object: node,
      status: { ...mapAt(node, "status"), conditions: [...others, condition] },
    });
  }

  /** A line that the process of a container writes to its log now. */
  writeLog(
    place: { readonly namespace: string; readonly pod: string; readonly container: string },
    text: string,
  ): void {
    const pod = this.#cluster.storage.get("/pods", place.namespace, place.pod);
    if (pod === undefined) throw new Error(`no pod ${place.namespace}/${place.pod}`);
    this.#cluster.containers.write(pod, place.container, text);
  }

  /** The names of the nodes. */
  nodeNames(): readonly string[] {
    return this.#cluster.storage.list("/nodes").map((node) => node.metadata.name);
  }

  /** Forgets the history of changes: watches from before it are answered with 410. */
  compact(): void {
    this.#cluster.storage.compact();
  }

  [Symbol.dispose](): void {
    this.#controllers[Symbol.dispose]();
    this.#cluster.faults.disconnect();
  }
}
