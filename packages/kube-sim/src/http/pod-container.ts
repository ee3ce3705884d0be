import { badRequest } from "../api-error.ts";
import { listAt, mapAt, textAt, type JsonMap } from "../json.ts";
import type { SimObject } from "../sim-object.ts";

export interface PodContainer {
  readonly name: string;
  readonly spec: JsonMap;
  /** Empty before the kubelet has taken the Pod. */
  readonly status: JsonMap;
}

/** The container that a request means, with the words of the API server when there is no such one. */
export function containerOf(pod: SimObject, query: URLSearchParams): PodContainer {
  const { name: podName } = pod.metadata;
  const containers = listAt(pod, "spec", "containers");
  const all = [
    ...listAt(pod, "spec", "initContainers"),
    ...containers,
    ...listAt(pod, "spec", "ephemeralContainers"),
  ];
  const given = query.get("container") ?? "";
  if (given === "" && containers.length !== 1) {
    const names = all.map((container) => textAt(container, "name") ?? "").join(" ");
    throw badRequest(
      `a container name must be specified for pod ${podName}, choose one of: [${names}]`,
    );
  }
  const name = given === "" ? (textAt(containers[0], "name") ?? "") : given;
  const spec = all.find((container) => container["name"] === name);
  if (!spec) throw badRequest(`container ${name} is not valid for pod ${podName}`);
  const statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
  const status = statuses
    .flatMap((field) => listAt(pod, "status", field))
    .find((entry) => entry["name"] === name);
  return { name, spec, status: status ?? {} };
}

export function isRunning({ status }: PodContainer): boolean {
  return textAt(status, "state", "running", "startedAt") !== undefined;
}

/** What its process finds in its environment: what the manifest says in so many words. */
export function environmentOf(pod: SimObject, { spec }: PodContainer): Record<string, string> {
  const stated = listAt(spec, "env").flatMap((entry) => {
    const name = textAt(entry, "name");
    return name === undefined ? [] : [[name, textAt(entry, "value") ?? ""] as const];
  });
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const own = { PATH: path, HOSTNAME: pod.metadata.name, HOME: "/root" };
  return { ...own, ...Object.fromEntries(stated) };
}

/** The ports that its containers declare. */
export function portsOf(pod: SimObject): readonly unknown[] {
  return listAt(mapAt(pod, "spec"), "containers").flatMap((container) =>
    listAt(container, "ports").map((port) => port["containerPort"]),
  );
}
