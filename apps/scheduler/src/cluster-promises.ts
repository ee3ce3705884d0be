import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import type { Requests } from "@octoplane/kinds/workload-requests";
import type { Candidate } from "@octoplane/placement/candidate";
import { isCounted } from "@octoplane/placement/promises";

interface Pledge {
  readonly requests: Requests;
  /** `undefined` while the decision is being written: then nothing of it can have been counted. */
  readonly app: Application | undefined;
}

const nothing: Requests = { cpuCores: 0, memoryBytes: 0, pods: 0 };

/** What was promised on one cluster and is not in what was counted there. */
export class ClusterPromises {
  readonly #promises = new Map<string, Pledge>();
  #cluster: Cluster | undefined;
  #total = nothing;
  /** What the last count took in: whoever still looks at the count before needs it. */
  #taken = nothing;

  get isEmpty(): boolean {
    return this.#promises.size === 0 && this.#cluster === undefined;
  }

  get freeAt(): string | undefined {
    return this.#cluster?.status.capacity?.free_at;
  }

  /** Takes in a newer count; true when it took something in. */
  setCluster(cluster: Cluster | undefined): boolean {
    const before = this.freeAt;
    this.#cluster = cluster;
    if (this.freeAt === before) return false;
    this.#taken = nothing;
    for (const [key, { app, requests }] of this.#promises) {
      if (!app || !this.#counts(app)) continue;
      this.#taken = plus(this.#taken, requests);
      this.delete(key);
    }
    return this.#taken !== nothing;
  }

  /** Promises for an application; what is counted already is no promise. */
  set(key: string, requests: Requests, app?: Application): void {
    this.delete(key);
    if (requests.cpuCores + requests.memoryBytes + requests.pods === 0) return;
    if (app && this.#counts(app)) return;
    this.#promises.set(key, { requests, app });
    this.#total = plus(this.#total, requests);
  }

  delete(key: string): void {
    const promise = this.#promises.get(key);
    if (!promise) return;
    this.#promises.delete(key);
    // Fractions that were added and taken away again leave a trace, which must not last.
    this.#total = this.#promises.size === 0 ? nothing : plus(this.#total, promise.requests, -1);
  }

  /** What has to be taken off what the candidate says is free; `undefined`: nothing. */
  promised({ capacity }: Candidate): Requests | undefined {
    const total = capacity?.free_at === this.freeAt ? this.#total : plus(this.#total, this.#taken);
    return total.cpuCores + total.memoryBytes + total.pods === 0 ? undefined : total;
  }

  #counts(app: Application): boolean {
    return this.#cluster !== undefined && isCounted(app, this.#cluster);
  }
}

function plus(a: Requests, b: Requests, sign: 1 | -1 = 1): Requests {
  return {
    cpuCores: a.cpuCores + sign * b.cpuCores,
    memoryBytes: a.memoryBytes + sign * b.memoryBytes,
    pods: a.pods + sign * b.pods,
  };
}
