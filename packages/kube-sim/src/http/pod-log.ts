import { badRequest } from "../api-error.ts";
import { listAt, textAt } from "../json.ts";
import type { SimObject } from "../sim-object.ts";

/** The log of a container: a few lines that say what the simulated container did. */
export function podLog(pod: SimObject, query: URLSearchParams): string {
  const containers = listAt(pod, "spec", "containers");
  const wanted = query.get("container") ?? textAt(containers[0], "name") ?? "";
  const all = [...containers, ...listAt(pod, "spec", "initContainers")];
  const container = all.find((entry) => entry["name"] === wanted);
  const { name } = pod.metadata;
  if (container === undefined) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  const status = [
    ...listAt(pod, "status", "containerStatuses"),
    ...listAt(pod, "status", "initContainerStatuses"),
  ].find((entry) => entry["name"] === wanted);
  const waiting =
    textAt(status, "state", "waiting", "reason") ?? (status === undefined ? "Pending" : "");
  if (waiting !== "" && waiting !== "CrashLoopBackOff") {
    throw badRequest(`container "${wanted}" in pod "${name}" is waiting to start: ${waiting}`);
  }
  const state = status?.["state"] ?? {};
  const startedAt =
    textAt(state, "running", "startedAt") ??
    textAt(state, "terminated", "startedAt") ??
    pod.metadata.creationTimestamp;
  const lines = [
    { time: startedAt, text: `starting ${textAt(container, "image") ?? ""}` },
    ...(waiting === "CrashLoopBackOff" ? [{ time: startedAt, text: "exiting with code 1" }] : []),
    ...(textAt(state, "running", "startedAt") === undefined
      ? []
      : [{ time: startedAt, text: "ready" }]),
    ...(textAt(state, "terminated", "reason") === undefined
      ? []
      : [
          {
            time: textAt(state, "terminated", "finishedAt") ?? startedAt,
            text: `done: ${textAt(state, "terminated", "reason")}`,
          },
        ]),
  ];
  const tail = Number(query.get("tailLines") ?? Infinity);
  const isStamped = query.get("timestamps") === "true";
  return lines
    .slice(-Math.min(tail, lines.length) || lines.length)
    .map(({ time, text }) => `${isStamped ? `${time} ` : ""}${text}\n`)
    .join("");
}
