import type { Decision } from "@octoplane/kinds/decision";
import type { Explanation, Replay } from "@octoplane/kinds/explanation";
import type { Backtest, BacktestRequest } from "@octoplane/kinds/placement-backtest";
import type { Plan, PlanRequest } from "@octoplane/kinds/placement-plan";
import type { Transport } from "./transport.ts";

/** An application, or a cluster, by its place. */
interface ApplicationRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Questions about placement; none of them writes anything. */
export class PlacementClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Why an application is where it is, decided anew, and what would have to change. */
  async explanation(ref: ApplicationRef): Promise<Explanation> {
    return await this.#transport.json("GET", `${applicationPath(ref)}/explanation`);
  }

  /** The last decisions about the cloud that a cluster is made on, newest first. */
  async clusterDecisions({ namespace = "", name }: ApplicationRef): Promise<readonly Decision[]> {
    const path = `${pathOf(namespace)}/clusters/${encodeURIComponent(name)}/decisions`;
    return (await this.#transport.json<{ items: Decision[] }>("GET", path)).items;
  }

  /** A recorded decision made again; `Compacted` when what it was made on is no longer kept. */
  async replay(ref: ApplicationRef, sequence: number): Promise<Replay> {
    const path = `${applicationPath(ref)}/decisions/${sequence}/replay`;
    return await this.#transport.json("GET", path);
  }

  /** What would happen in a namespace if …. */
  async plan(namespace: string, asked: Partial<PlanRequest>): Promise<Plan> {
    return await this.#transport.json("POST", `${pathOf(namespace)}/plans`, { body: asked });
  }

  /** How the applications of a namespace would have fared with a policy. */
  async backtest(namespace: string, asked: Partial<BacktestRequest>): Promise<Backtest> {
    return await this.#transport.json("POST", `${pathOf(namespace)}/backtests`, { body: asked });
  }
}

function pathOf(namespace: string): string {
  return `/kubernetes/namespaces/${encodeURIComponent(namespace)}`;
}

function applicationPath({ namespace = "", name }: ApplicationRef): string {
  return `${pathOf(namespace)}/applications/${encodeURIComponent(name)}`;
}
