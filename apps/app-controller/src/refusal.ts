import type { DesiredObject } from "@octoplane/delivery/desired";
import { titleOfId } from "@octoplane/delivery/object-id";
import { isPrecious } from "@octoplane/delivery/replacement";
import { KubeError } from "@octoplane/kube/kube";
import type { Trouble } from "./trouble.ts";

/** What a cluster means when it refuses an object, and what may be done about it. All pure. */

export function immutableTrouble(desired: DesiredObject, fields: readonly string[]): Trouble {
  const way = isPrecious(desired.ref.served)
    ? 'its annotation octoplane.io/replace: "true" lets it be deleted, with all it holds, and made anew'
    : `spec.delivery.replace (--replace any), or its annotation octoplane.io/replace: "true", lets it be deleted and made anew`;
  const what = `${fields.join(", ")} cannot be changed`;
  const message = `${titleOfId(desired.id)}: ${what}; ${way}`;
  return { code: "IMMUTABLE_FIELD", message, canPass: false };
}

/** The namespace that is not there, when that is why an object was refused. */
export function missingNamespace(error: unknown, { ref }: DesiredObject): string | undefined {
  if (!(error instanceof KubeError) || error.status !== 404 || ref.namespace === undefined) {
    return undefined;
  }
  return /^namespaces? "/.test(error.message) ? ref.namespace : undefined;
}

export function namespaceTrouble(desired: DesiredObject, namespace: string): Trouble {
  const message = `${titleOfId(desired.id)}: the cluster has no namespace ${namespace}; spec.delivery.create_namespaces (--create-namespace) lets it be made`;
  return { code: "NAMESPACE_MISSING", message, canPass: false };
}

/** The node ports that somebody else has, when that is why a Service was refused. */
export function takenPorts(error: unknown, { object, ref }: DesiredObject): readonly number[] {
  if (!(error instanceof KubeError) || ref.served.kind !== "Service") return [];
  const { ports = [] } = (object["spec"] ?? {}) as {
    readonly ports?: readonly { readonly nodePort?: number }[];
  };
  return error.causes.flatMap(({ field, message }) => {
    if (!message.includes("provided port is already allocated")) return [];
    const index = Number(/\[(\d+)\]/.exec(field)?.[1]);
    return ports[index]?.nodePort ?? [];
  });
}

/** `holders` are the Services that have them, as far as that can be told. */
export function portTrouble(
  desired: DesiredObject,
  ports: readonly number[],
  holders: readonly string[],
): Trouble {
  const by = holders.length === 0 ? "another Service" : `Service ${holders.join(", ")}`;
  const what =
    ports.length === 1 ? `node port ${ports[0]} is` : `node ports ${ports.join(", ")} are`;
  const message = `${titleOfId(desired.id)}: ${what} taken on this cluster by ${by}`;
  return { code: "NODE_PORT_TAKEN", message, canPass: false };
}

/** True for what a webhook's server may answer that is still to come, perhaps with the objects behind this one. */
export function isOfWebhook(error: unknown): boolean {
  return error instanceof KubeError && /failed calling webhook/.test(error.message);
}
