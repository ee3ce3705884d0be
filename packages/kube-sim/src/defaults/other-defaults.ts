/** Defaults of the smaller kinds. */
import { textOf } from "@octoplane/shared/text-of";
import { ensureMap, fill, isMap, listAt, textAt, type JsonMap } from "../json.ts";

export function defaultSecret(object: JsonMap): void {
  fill(object, { type: "Opaque" });
  const plain = object["stringData"];
  if (isMap(plain)) {
    const data = ensureMap(object, "data");
    for (const [key, value] of Object.entries(plain)) {
      data[key] = Buffer.from(textOf(value)).toString("base64");
    }
  }
  delete object["stringData"];
}

export function defaultNamespace(object: JsonMap): void {
  const metadata = ensureMap(object, "metadata");
  const labels = ensureMap(metadata, "labels");
  labels["kubernetes.io/metadata.name"] = metadata["name"];
  fill(ensureMap(object, "spec"), { finalizers: ["kubernetes"] });
  fill(ensureMap(object, "status"), { phase: "Active" });
}

export function defaultAutoscaler(object: JsonMap): void {
  const averageUtilization = 80;
  fill(ensureMap(object, "spec"), {
    minReplicas: 1,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
      },
    ],
  });
}

export function defaultNetworkPolicy(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  const policyTypes = spec["egress"] === undefined ? ["Ingress"] : ["Ingress", "Egress"];
  fill(spec, { podSelector: {}, policyTypes });
  for (const rule of [...listAt(spec, "ingress"), ...listAt(spec, "egress")]) {
    for (const port of listAt(rule, "ports")) fill(port, { protocol: "TCP" });
  }
}

export function defaultBinding(object: JsonMap): void {
  fill(ensureMap(object, "roleRef"), { apiGroup: "rbac.authorization.k8s.io" });
  for (const subject of listAt(object, "subjects")) {
    if (subject["kind"] !== "ServiceAccount")
      fill(subject, { apiGroup: "rbac.authorization.k8s.io" });
  }
}

export function defaultPriorityClass(object: JsonMap): void {
  fill(object, { preemptionPolicy: "PreemptLowerPriority" });
}

export function defaultWebhooks(object: JsonMap): void {
  for (const webhook of listAt(object, "webhooks")) {
    fill(webhook, {
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      ...(object["kind"] === "MutatingWebhookConfiguration" ? { reinvocationPolicy: "Never" } : {}),
    });
    for (const rule of listAt(webhook, "rules")) fill(rule, { scope: "*" });
    const service = isMap(webhook["clientConfig"]) ? webhook["clientConfig"]["service"] : undefined;
    if (isMap(service)) fill(service, { port: 443 });
  }
}

export function defaultDefinition(object: JsonMap): void {
  const spec = ensureMap(object, "spec");
  const names = ensureMap(spec, "names");
  const kind = textAt(names, "kind") ?? "";
  fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  fill(ensureMap(spec, "conversion"), { strategy: "None" });
}
