import type { Json } from "../rest.ts";

/** The text of a manifest file: one object of JSON a line, as kubectl takes them, too. */
export function manifestText(objects: readonly Json[]): string {
  return objects.map((object) => JSON.stringify(object)).join("\n");
}

/** A Deployment whose Pods are told by `app: NAME`. */
export function deployment(
  name: string,
  { replicas = 1, containers }: { readonly replicas?: number; readonly containers: Json[] },
): Json {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}

/** The echo application: one Deployment and one NodePort Service. */
export function echo(
  name: string,
  options: { readonly replicas?: number; readonly image?: string } = {},
): Json[] {
  const { replicas = 1, image = "registry.example/echo:1" } = options;
  const containers = [{ name: "echo", image, ports: [{ containerPort: 8080 }] }];
  return [
    deployment(name, { replicas, containers }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: {
        type: "NodePort",
        selector: { app: name },
        ports: [
          { name: "http", port: 8080, protocol: "TCP", targetPort: 8080 },
          { name: "admin", port: 9090, protocol: "TCP", targetPort: 9090 },
        ],
      },
    },
  ];
}

/** The echo Deployment alone, with another specification of its Pods. */
export function echoWith(name: string, change: (podSpec: Json) => void): Json {
  const [web] = echo(name);
  change(web.spec.template.spec);
  return web;
}

export function configMap(name: string, data: Readonly<Record<string, string>>): Json {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

/** A Job whose one container ends well. */
export function job(name: string, spec: Json): Json {
  const containers = [{ name: "work", image: "registry.example/work:1" }];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { ...spec, template: { spec: { restartPolicy: "Never", containers } } },
  };
}

/** A definition and an object of it, the object first: the order that breaks a naive orchestrator. */
export function widgets(group: string): Json[] {
  return [
    {
      apiVersion: `${group}/v1`,
      kind: "Widget",
      metadata: { name: "first" },
      spec: { size: 3 },
    },
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { kind: "Widget", plural: "widgets", singular: "widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: { type: "object", properties: { size: { type: "integer" } } },
                },
              },
            },
          },
        ],
      },
    },
  ];
}
