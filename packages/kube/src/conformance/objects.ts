import { systemRandom } from "@octoplane/shared/random";
import { expect } from "vitest";
import { KubeError, type Kube, type KubeObject, type ObjectRef, type ServedKind } from "../kube.ts";

/** Objects that the suite makes, and the ways to them. */

/** Long enough for a server that is busy with something else; whoever is quick does not wait. */
export const patient = { timeout: 30_000, interval: 100 };

export function kindNamed(kinds: readonly ServedKind[], kind: string, group = ""): ServedKind {
  const found = kinds.find((served) => served.kind === kind && served.group === group);
  if (!found) throw new Error(`the cluster does not serve ${kind} of group "${group}"`);
  return found;
}

export function uniqueName(prefix: string): string {
  return `${prefix}-${systemRandom.uuid().slice(0, 8)}`;
}

/** Makes a namespace that no other test uses, and gives its name. */
export async function freshNamespace(kube: Kube, kinds: readonly ServedKind[]): Promise<string> {
  const name = uniqueName("conformance");
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await kube.apply({ served: kindNamed(kinds, "Namespace"), name }, object, { force: false });
  return name;
}

export interface ConfigMapOptions {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** Without a namespace: the path says it. */
export function configMap({ data, ...metadata }: ConfigMapOptions): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

export function deployment(name: string, app = name): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        spec: { containers: [{ name: "main", image: "registry.k8s.io/pause:3.10" }] },
      },
    },
  };
}

/** A bare Pod that reads nothing of the cluster. */
export function pod(name: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: "registry.k8s.io/pause:3.10",
          resources: { requests: { cpu: "10m", memory: "16Mi" } },
        },
      ],
    },
  };
}

/** The reference of an object in a namespace. */
export function refOf(served: ServedKind, namespace: string, object: KubeObject): ObjectRef {
  return { served, namespace, name: object.metadata.name ?? "" };
}

/** The KubeError that the work must end with. */
export async function refusal(work: Promise<unknown>): Promise<KubeError> {
  const outcome = await work.then(
    (value) => value,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(KubeError);
  return outcome as KubeError;
}
