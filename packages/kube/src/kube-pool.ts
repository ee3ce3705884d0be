import type { Kube } from "./kube.ts";

/**
 * Connections to clusters, one per cluster and shared by all who work with it in this process. A connection is made
 * when it is first asked for and made anew when the cluster's credentials have changed (another `version`).
 */
export class KubePool implements AsyncDisposable {
  readonly #connect: (kubeconfig: unknown) => Kube;
  readonly #open = new Map<string, { readonly version: string; readonly kube: Promise<Kube> }>();

  constructor(connect: (kubeconfig: unknown) => Kube) {
    this.#connect = connect;
  }

  /** `key` names the cluster, `version` its credentials; the kubeconfig is read only when a connection is made. */
  async get(key: string, version: string, readKubeconfig: () => Promise<unknown>): Promise<Kube> {
    const known = this.#open.get(key);
    if (known?.version === version) return await known.kube;
    const kube = readKubeconfig().then((kubeconfig) => this.#connect(kubeconfig));
    const entry = { version, kube };
    this.#open.set(key, entry);
    if (known) void dispose(known.kube);
    try {
      return await kube;
    } catch (error) {
      if (this.#open.get(key) === entry) this.#open.delete(key);
      throw error;
    }
  }

  /** Closes the connection of a cluster that has gone. */
  drop(key: string): void {
    const known = this.#open.get(key);
    this.#open.delete(key);
    if (known) void dispose(known.kube);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ kube }) => dispose(kube)));
  }
}

/** A connection that never came to be needs no closing, and why it did not was told to whoever asked for it. */
async function dispose(kube: Promise<Kube>): Promise<void> {
  try {
    await (await kube)[Symbol.asyncDispose]();
  } catch {
    return;
  }
}
