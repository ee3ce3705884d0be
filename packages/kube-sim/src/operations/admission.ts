/**
 * Webhooks of admission, as far as they keep anything from being written: one whose Service is not there, or has no Pod that is
 * ready, cannot be called. One that could be called is taken to agree.
 */
import { ApiError } from "../api-error.ts";
import type { Cluster } from "../cluster.ts";
import { listAt, mapAt, textAt, textsAt, textMapAt, valueAt, type JsonMap } from "../json.ts";
import type { SimKind } from "../kind.ts";
import { selectorMatches } from "../selectors.ts";
import type { SimObject } from "../sim-object.ts";
import { hasCondition } from "../controllers/condition.ts";

const configurations = [
  "admissionregistration.k8s.io/mutatingwebhookconfigurations",
  "admissionregistration.k8s.io/validatingwebhookconfigurations",
];

export interface Admitted {
  readonly kind: SimKind;
  readonly object: SimObject;
  readonly operation: "CREATE" | "UPDATE";
}

/** Throws what the API server answers when a webhook that must agree cannot be asked. */
export function admit(cluster: Cluster, write: Admitted): void {
  const { group } = write.kind;
  if (group === "admissionregistration.k8s.io") return;
  for (const key of configurations) {
    for (const configuration of cluster.storage.list(key)) {
      for (const webhook of listAt(configuration, "webhooks")) call(cluster, webhook, write);
    }
  }
}

function call(cluster: Cluster, webhook: JsonMap, write: Admitted): void {
  if (textAt(webhook, "failurePolicy") === "Ignore" || !isMeant(cluster, webhook, write)) return;
  const problem = unreachable(cluster, mapAt(webhook, "clientConfig", "service"));
  if (problem === undefined) return;
  const name = textAt(webhook, "name") ?? "";
  const text = `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${problem}`;
  throw new ApiError(500, "InternalError", text, { causes: [] });
}

function isMeant(cluster: Cluster, webhook: JsonMap, write: Admitted): boolean {
  const { kind, object, operation } = write;
  const isOf = (rule: JsonMap, field: string, value: string): boolean =>
    textsAt(rule, field).some((text) => text === "*" || text === value);
  const isRuled = listAt(webhook, "rules").some(
    (rule) =>
      isOf(rule, "apiGroups", kind.group) &&
      isOf(rule, "apiVersions", kind.version) &&
      isOf(rule, "resources", kind.plural) &&
      isOf(rule, "operations", operation),
  );
  if (!isRuled || !selects(webhook, "objectSelector", object.metadata.labels ?? {})) return false;
  const { namespace } = object.metadata;
  const home =
    namespace === undefined ? undefined : cluster.storage.get("/namespaces", undefined, namespace);
  const labels = home === undefined ? undefined : textMapAt(home, "metadata", "labels");
  return labels === undefined || selects(webhook, "namespaceSelector", labels);
}

function selects(
  webhook: JsonMap,
  field: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  const selector = valueAt(webhook, field);
  return selector === undefined || selectorMatches(selector, labels);
}

function unreachable(cluster: Cluster, target: JsonMap): string | undefined {
  const [name, namespace] = [textAt(target, "name") ?? "", textAt(target, "namespace") ?? ""];
  // One by URL is somewhere out there.
  if (name === "") return undefined;
  const post = `Post "https://${name}.${namespace}.svc:443/?timeout=10s"`;
  const service = cluster.storage.get("/services", namespace, name);
  if (service === undefined) return `${post}: service "${name}" not found`;
  const matchLabels = textMapAt(service, "spec", "selector");
  const isServed = cluster.storage
    .list("/pods")
    .some(
      (pod) =>
        pod.metadata.namespace === namespace &&
        hasCondition(pod, "Ready") &&
        selectorMatches({ matchLabels }, pod.metadata.labels ?? {}),
    );
  return isServed ? undefined : `${post}: no endpoints available for service "${name}"`;
}
