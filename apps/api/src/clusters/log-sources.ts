import { isKind } from "@octoplane/kinds/workload";
import type { Kube } from "@octoplane/kube/kube";
import { podNamed, podsOf, type OwnedPod, type Root } from "@octoplane/kube/owned";
import { failure } from "@octoplane/shared/errors";
import { partsOf, usualContainer } from "./pod-view.ts";

/** Which logs somebody wants. */
export interface LogChoice {
  readonly pod: string | undefined;
  /** `web`, or `Deployment/web`. */
  readonly workload: string | undefined;
  readonly container: string | undefined;
  readonly allContainers: boolean;
}

/** One run of one container. */
export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Another after each restart. */
  readonly key: string;
  /** Whether it writes at this moment. */
  readonly isRunning: boolean;
  /** False when its end is for good. */
  readonly mayRestart: boolean;
  /** False while it waits to be started for the first time: there is no log yet. */
  readonly hasRun: boolean;
}

/**
 * The containers that are meant, by Pod and name. `NotFound` for a Pod or a workload that is not the application's; `Invalid` for a
 * container that none of the Pods has.
 */
export async function logSources(
  kube: Kube,
  roots: readonly Root[],
  choice: LogChoice,
  signal: AbortSignal,
): Promise<readonly LogSource[]> {
  const pods = await podsFor(kube, roots, choice, signal);
  const sources = pods.flatMap((pod) => sourcesOf(pod, choice));
  if (sources.length > 0 || choice.container === undefined || pods.length === 0) return sources;
  const names = new Set(pods.flatMap((pod) => containersOf(pod)));
  const message = `no Pod of it has a container ${choice.container}; there are ${[...names].join(", ")}`;
  throw failure("Invalid", message, { fields: [{ field: "container", message }] });
}

async function podsFor(
  kube: Kube,
  roots: readonly Root[],
  { pod: name, workload }: LogChoice,
  signal: AbortSignal,
): Promise<readonly OwnedPod[]> {
  if (name !== undefined) {
    const found = await podNamed(kube, roots, { name }, signal);
    if (found) return [found];
    throw failure("NotFound", `the application has no Pod ${name}`);
  }
  if (workload === undefined) return (await podsOf(kube, roots, signal)).pods;
  const [kind, only] = workload.includes("/") ? workload.split("/") : [undefined, workload];
  const wanted = roots.filter(
    (root) => root.name === only && (kind === undefined || isKind(root.kind, kind)),
  );
  if (wanted.length > 0) return (await podsOf(kube, wanted, signal)).pods;
  throw failure("NotFound", `the application has no workload ${workload}`);
}

/** In the order in which they run. */
function containersOf({ pod }: OwnedPod): readonly string[] {
  const { spec } = partsOf(pod);
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(({ name }) => name);
}

function sourcesOf(owned: OwnedPod, choice: LogChoice): readonly LogSource[] {
  const { pod } = owned;
  const all = containersOf(owned);
  const usual = usualContainer(pod);
  const chosen = choice.allContainers
    ? all
    : all.filter((name) => name === (choice.container ?? usual));
  const { spec, status } = partsOf(pod);
  const hasFinished = status.phase === "Succeeded" || status.phase === "Failed";
  const mayRestart = !hasFinished && spec.restartPolicy !== "Never";
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const { namespace = "", name = "", uid = "" } = pod.metadata;
  return chosen.map((container) => {
    const found = statuses.find((one) => one.name === container);
    const key = `${uid}/${container}/${found?.restartCount ?? 0}`;
    const isRunning = found?.state?.["running"] !== undefined;
    const hasEnded = found?.state?.["terminated"] !== undefined;
    const hasRun = isRunning || hasEnded || (found?.restartCount ?? 0) > 0;
    return { namespace, pod: name, container, key, isRunning, mayRestart, hasRun };
  });
}
