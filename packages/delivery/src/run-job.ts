import { factsOf, isFacts, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { Run } from "@octoplane/kinds/run";
import { findWorkload, workloadsIn } from "@octoplane/kinds/workload";
import { isSuspendable } from "@octoplane/kinds/wanted-manifest";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import type { KubeObject } from "@octoplane/kube/kube";
import { nameAnnotation } from "./mark.ts";

/** The Job of a run, from its template and what it was given. Pure. */

/** Whose run a Job, and each of its Pods, is: the uid of the Run. */
export const runLabel = "octoplane.io/run";

export type RunJob =
  | { readonly object: KubeObject; readonly namespace: string; readonly container: string }
  | { readonly problem: string };

/** Names of Kubernetes objects that become a label end after this many characters. */
const nameMax = 63;

/**
 * A Job as the template describes it, under a name of its own, that runs at once: not suspended, and not removed by a time to
 * live before anybody has seen what came of it.
 */
export function runJob(
  run: Pick<Run, "metadata" | "spec">,
  manifest: readonly ManifestObject[],
  defaultNamespace: string,
): RunJob {
  const { workload, application, container: wanted } = run.spec;
  const found = findWorkload(workloadsIn(manifest, isSuspendable), workload, "Job or CronJob");
  if ("problem" in found) return found;
  const spec = factsOf(found.item["spec"]);
  const job = found.kind === "CronJob" ? factsOf(factsOf(spec["jobTemplate"])["spec"]) : spec;
  const template = factsOf(job["template"]);
  const pod = factsOf(template["spec"]);
  const names = listOf(pod["containers"]).map(({ name }) => (typeof name === "string" ? name : ""));
  const container = wanted ?? names[0];
  if (container === undefined || !names.includes(container)) {
    const one = container === undefined ? "there is none" : `found no ${container}`;
    return { problem: `expected a container of ${found.kind}/${found.name}, ${one}` };
  }
  const namespace = found.namespace ?? defaultNamespace;
  const labels = { [runLabel]: run.metadata.uid };
  const {
    suspend: _suspend,
    selector: _selector,
    manualSelector: _manual,
    ttlSecondsAfterFinished: _ttl,
    ...rest
  } = job;
  const object: KubeObject = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(found.name, run.metadata),
      namespace,
      labels,
      annotations: { [nameAnnotation]: `${run.metadata.namespace ?? ""}/${application}` },
    },
    spec: {
      ...rest,
      template: {
        ...template,
        metadata: withLabels(factsOf(template["metadata"]), labels),
        spec: { ...pod, containers: containersOf(pod, container, run.spec) },
      },
    },
  };
  return { object, namespace, container };
}

/** What both are called, as far as it may be a name there, and a part of the uid, so that no two runs share one. */
function jobName(workload: string, { name, uid }: Run["metadata"]): string {
  const words = `${workload}-${name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const end = uid.slice(0, 8).toLowerCase();
  const start = words.slice(0, nameMax - end.length - 1).replace(/^-+|-+$/g, "");
  return `${start}-${end}`;
}

function withLabels(metadata: Facts, labels: Readonly<Record<string, string>>): Facts {
  return { ...metadata, labels: { ...factsOf(metadata["labels"]), ...labels } };
}

function containersOf(pod: Facts, name: string, { env, command, args }: Run["spec"]): unknown {
  const containers = Array.isArray(pod["containers"]) ? (pod["containers"] as unknown[]) : [];
  return containers.map((container) => {
    if (!isFacts(container) || container["name"] !== name) return container;
    return {
      ...container,
      ...(command === undefined ? {} : { command }),
      ...(args === undefined ? {} : { args }),
      ...(Object.keys(env).length === 0 ? {} : { env: withVariables(container["env"], env) }),
    };
  });
}

/** In the place of variables of the same name, because later ones refer to earlier ones. */
function withVariables(before: unknown, env: Readonly<Record<string, string>>): unknown {
  const known = Array.isArray(before) ? (before as unknown[]) : [];
  const names = new Set(listOf(known).map(({ name }) => name));
  const kept = known.map((entry) => {
    const { name } = factsOf(entry);
    return typeof name === "string" && Object.hasOwn(env, name)
      ? { name, value: env[name] }
      : entry;
  });
  const added = Object.entries(env)
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => ({ name, value }));
  return [...kept, ...added];
}
