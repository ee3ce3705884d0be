import type { Session } from "../session.ts";

/** The Pods of an application, as the server tells of them. */

export interface PodAnswer {
  readonly name: string;
  readonly namespace: string;
  readonly cluster: string;
  /** `Deployment/web` */
  readonly owner: string;
  readonly phase: string;
  /** `1/2` */
  readonly ready: string;
  readonly restarts: number;
  readonly reason: string | null;
  readonly node: string | null;
  readonly created: string;
  readonly default_container: string;
  readonly containers: readonly ContainerAnswer[];
}

interface ContainerAnswer {
  readonly name: string;
  readonly init: boolean;
  readonly ports: readonly { readonly name: string | null; readonly port: number }[];
}

export interface ServiceAnswer {
  readonly name: string;
  readonly ports: readonly {
    readonly name: string | null;
    readonly port: number;
    readonly target: string;
  }[];
}

export interface PodList {
  readonly items: readonly PodAnswer[];
  readonly truncated: boolean;
  /** Where a Service was asked for. */
  readonly service?: ServiceAnswer;
}

/** `path` is the application's. */
export async function askPods(
  session: Session,
  path: string,
  query: { readonly cluster?: string | undefined; readonly service?: string | undefined } = {},
): Promise<PodList> {
  const { transport } = await session.client();
  return await transport.json("GET", `${path}/pods`, { query });
}

export function isReady({ ready, phase, reason }: PodAnswer): boolean {
  const [count, all] = ready.split("/");
  return phase === "Running" && count === all && reason !== "Terminating";
}
