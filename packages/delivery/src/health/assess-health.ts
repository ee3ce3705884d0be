import type { KubeObject } from "@octoplane/kube/kube";
import { conditionHealth } from "./conditions.ts";
import { degraded, healthy, progressing, type Health } from "./health.ts";
import { jobHealth } from "./job.ts";
import { podHealth } from "./pod.ts";
import {
  daemonSetHealth,
  deploymentHealth,
  replicaSetHealth,
  statefulSetHealth,
} from "./workload.ts";

type Assess = (object: KubeObject) => Health;

/** One line per kind that has a meaning of its own; every other kind is judged by its conditions. */
const assessments: Readonly<Record<string, Assess>> = {
  "apps/Deployment": deploymentHealth,
  "apps/StatefulSet": statefulSetHealth,
  "apps/DaemonSet": daemonSetHealth,
  "apps/ReplicaSet": replicaSetHealth,
  "/ReplicationController": replicaSetHealth,
  "batch/Job": jobHealth,
  "/Pod": podHealth,
  "/PersistentVolumeClaim": claimHealth,
  // Clusters without a load balancer leave one pending for ever; the application works all the same.
  "/Service": () => healthy,
  "/Namespace": namespaceHealth,
  "apiextensions.k8s.io/CustomResourceDefinition": definitionHealth,
};

export function healthOf(group: string, object: KubeObject): Health {
  const assess = assessments[`${group}/${object.kind}`] ?? conditionHealth;
  return assess(object);
}

function phaseOf(object: KubeObject): string | undefined {
  return (object["status"] as { readonly phase?: string } | undefined)?.phase;
}

/** A claim that waits for its first consumer is as good as bound: it is the Pod that will say if that fails. */
function claimHealth(object: KubeObject): Health {
  const phase = phaseOf(object);
  if (phase === "Lost")
    return degraded("VolumeLost", `the volume of claim ${object.metadata.name} is lost`);
  return healthy;
}

function namespaceHealth(object: KubeObject): Health {
  return phaseOf(object) === "Active"
    ? healthy
    : progressing("NamespaceNotActive", `namespace ${object.metadata.name} is not active`);
}

function definitionHealth(object: KubeObject): Health {
  const status = object["status"] as
    | { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] }
    | undefined;
  const established = status?.conditions?.some(
    (condition) => condition.type === "Established" && condition.status === "True",
  );
  return established
    ? healthy
    : progressing("NotEstablished", `definition ${object.metadata.name} is not established`);
}
