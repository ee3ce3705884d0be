import { isKind } from "@octoplane/kinds/workload";
import { failure } from "@octoplane/shared/errors";
import { readWorkload } from "../input/workload-values.ts";
import type { Session } from "../session.ts";
import { askPods, isReady, type PodAnswer, type ServiceAnswer } from "./pod-answer.ts";

/** Which Pod is meant. */
export interface PodWish {
  /** The application's. */
  readonly path: string;
  /** A Pod, a workload (`web`, `deploy/web`) or a Service (`svc/web`); left out: any Pod. */
  readonly target: string | undefined;
  readonly cluster: string | undefined;
}

export interface FoundPod {
  readonly pod: PodAnswer;
  /** How many would have done. */
  readonly count: number;
  /** What was asked for, if that is a Service. */
  readonly service: ServiceAnswer | undefined;
}

/** The best Pod of those that are meant: ready before running, before all others. `NotFound` names those that there are. */
export async function findPod(session: Session, wish: PodWish): Promise<FoundPod> {
  const { path, target, cluster } = wish;
  const service = serviceIn(target);
  const list = await askPods(session, path, { cluster, service });
  const meant = service === undefined ? podsMeant(list.items, target) : list.items;
  const [pod] = meant.toSorted((a, b) => rank(a) - rank(b));
  if (pod) return { pod, count: meant.length, service: list.service };
  throw failure("NotFound", nothingFound(list.items, target));
}

function serviceIn(target: string | undefined): string | undefined {
  return /^(?:svc|services?)\/(.+)$/i.exec(target ?? "")?.[1];
}

/** By the name of a Pod, else of what Pods were made for. Pure. */
export function podsMeant(
  pods: readonly PodAnswer[],
  target: string | undefined,
): readonly PodAnswer[] {
  if (target === undefined) return pods;
  const workload = readWorkload(target);
  const isPod = workload.kind === undefined || isKind("Pod", workload.kind);
  const named = isPod ? pods.filter(({ name }) => name === workload.name) : [];
  if (named.length > 0) return named;
  return pods.filter(({ owner, namespace }) => {
    const [kind = "", name] = owner.split("/");
    return (
      name === workload.name &&
      (workload.kind === undefined || isKind(kind, workload.kind)) &&
      (workload.namespace === undefined || workload.namespace === namespace)
    );
  });
}

function rank(pod: PodAnswer): number {
  if (isReady(pod)) return 0;
  return pod.reason === "Terminating" ? 3 : pod.phase === "Running" ? 1 : 2;
}

const namesShown = 10;

function nothingFound(pods: readonly PodAnswer[], target: string | undefined): string {
  const what = target === undefined ? "no Pod" : `no Pod for ${target}`;
  const names = pods.slice(0, namesShown).map(({ name }) => name);
  const more = pods.length > namesShown ? `, and ${pods.length - namesShown} more` : "";
  const known = names.length === 0 ? "" : `; there are ${names.join(", ")}${more}`;
  return `the application has ${what} at the moment${known}`;
}
