import type { Cluster } from "../cluster.ts";
import { listAt, mapAt, textAt, type JsonMap } from "../json.ts";
import { kubeTime } from "../kube-time.ts";
import type { SimObject } from "../sim-object.ts";

/** What the containers of a pod are doing; all of them do the same. */
export type ContainerState =
  | { readonly type: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly type: "pull" }
  | { readonly type: "crash" }
  | { readonly type: "running" }
  | { readonly type: "done"; readonly exitCode: number };

/** Image names that make trouble on purpose. */
const missingImage = "does-not-exist";
const crashingImage = "crash-loop";

/** Whether a pod has an image that cannot be pulled, or whose process ends at once. */
export function isUnhealthyImage(pod: SimObject): "missing" | "crashing" | undefined {
  const containers = [
    ...listAt(pod, "spec", "initContainers"),
    ...listAt(pod, "spec", "containers"),
  ];
  const images = containers.map((container) => textAt(container, "image") ?? "");
  if (images.some((image) => image.includes(missingImage))) return "missing";
  return images.some((image) => image.includes(crashingImage)) ? "crashing" : undefined;
}

/** The container part of a pod's status. */
export function containerStatuses(
  cluster: Cluster,
  pod: SimObject,
  state: ContainerState,
): JsonMap {
  const of = (field: string, old: string, isInit: boolean): JsonMap[] =>
    listAt(pod, "spec", field).map((container) => {
      const before = listAt(pod, "status", old).find(
        (entry) => entry["name"] === container["name"],
      );
      return oneStatus(cluster, { container, before, state, isInit });
    });
  const inits = of("initContainers", "initContainerStatuses", true);
  return {
    containerStatuses: of("containers", "containerStatuses", false),
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
  };
}

interface OneContainer {
  readonly container: JsonMap;
  readonly before: JsonMap | undefined;
  readonly state: ContainerState;
  readonly isInit: boolean;
}

function oneStatus(cluster: Cluster, one: OneContainer): JsonMap {
  const { container, before, state } = one;
  const image = textAt(container, "image") ?? "";
  const isHealthy = state.type === "running" || state.type === "done";
  const shown = one.isInit && isHealthy ? { type: "done" as const, exitCode: 0 } : state;
  const current = currentState(cluster, shown, { image, before, container });
  const isRunning = shown.type === "running";
  return {
    name: container["name"],
    image,
    imageID: isHealthy ? `sim://${image}` : "",
    ...(isHealthy ? { containerID: `sim://${textAt(container, "name") ?? ""}` } : {}),
    ready: isRunning || (one.isInit && isHealthy),
    started: isRunning,
    restartCount: state.type === "crash" ? crashesShown : 0,
    state: current,
    lastState: state.type === "crash" ? { terminated: ended(cluster, 1, before) } : {},
  };
}

/** A crash loop is shown after this many restarts; it does not go on counting. */
const crashesShown = 5;

function currentState(
  cluster: Cluster,
  state: ContainerState,
  about: {
    readonly image: string;
    readonly before: JsonMap | undefined;
    readonly container: JsonMap;
  },
): JsonMap {
  switch (state.type) {
    case "waiting": {
      const { reason, message } = state;
      return { waiting: message === undefined ? { reason } : { reason, message } };
    }
    case "pull": {
      const message =
        `Back-off pulling image "${about.image}": ErrImagePull: rpc error: code = NotFound ` +
        `desc = failed to pull and unpack image "${about.image}": not found`;
      return { waiting: { reason: "ImagePullBackOff", message } };
    }
    case "crash": {
      const name = textAt(about.container, "name") ?? "";
      const message = `back-off 2m40s restarting failed container=${name}`;
      return { waiting: { reason: "CrashLoopBackOff", message } };
    }
    case "running": {
      const since = textAt(about.before, "state", "running", "startedAt");
      return { running: { startedAt: since ?? kubeTime(cluster.clock) } };
    }
    case "done":
      return { terminated: ended(cluster, state.exitCode, about.before) };
  }
}

function ended(cluster: Cluster, exitCode: number, before: JsonMap | undefined): JsonMap {
  const old = mapAt(before, "state", "terminated");
  const last = mapAt(before, "lastState", "terminated");
  const at = textAt(old, "finishedAt") ?? textAt(last, "finishedAt") ?? kubeTime(cluster.clock);
  const startedAt =
    textAt(before, "state", "running", "startedAt") ?? textAt(old, "startedAt") ?? at;
  return { exitCode, reason: exitCode === 0 ? "Completed" : "Error", startedAt, finishedAt: at };
}
