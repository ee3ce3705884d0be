import type { Delivery } from "@octoplane/kinds/delivery";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { titleOfId } from "@octoplane/delivery/object-id";
import { KubeError } from "@octoplane/kube/kube";
import type { Trouble } from "./trouble.ts";

/** What a cluster means when it refuses an object, and what may be done about it. All pure. */

/**
 * The fields that cannot be changed, when that is all that is wrong. The words are those of Kubernetes' validation
 * (`validation.go` of each group), which gives them no code of their own.
 */
export function immutableFields(error: unknown): readonly string[] {
  if (!(error instanceof KubeError) || error.status !== 422) return [];
  const isAll =
    error.causes.length > 0 && error.causes.every(({ message }) => immutable.test(message));
  return isAll ? [...new Set(error.causes.map(({ field }) => field))] : [];
}

const immutable =
  /immutable|may not change once set|may not be changed|cannot change |updates? to .* (?:is|are) forbidden|updates? may not change fields|^Forbidden: updates? /i;

/**
 * True when the object may be deleted and made anew. What it says of itself counts most; what holds data, other objects or
 * whole kinds never goes unless it says so itself.
 */
export function mayReplace(
  { replace, ref: { served } }: DesiredObject,
  policy: Delivery["replace"] = "jobs",
): boolean {
  if (replace !== undefined) return replace === "always";
  if (precious.has(`${served.group}/${served.kind}`)) return false;
  if (policy === "any") return true;
  return policy === "jobs" && served.group === "batch" && served.kind === "Job";
}

const precious = new Set([
  "/PersistentVolumeClaim",
  "/PersistentVolume",
  "/Namespace",
  "apiextensions.k8s.io/CustomResourceDefinition",
]);

export function immutableTrouble(desired: DesiredObject, fields: readonly string[]): Trouble {
  const { served } = desired.ref;
  const isPrecious = precious.has(`${served.group}/${served.kind}`);
  const way = isPrecious
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
