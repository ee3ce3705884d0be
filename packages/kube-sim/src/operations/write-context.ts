import type { Cluster } from "../cluster.ts";
import type { SimKind } from "../kind.ts";

/** Everything about one write that is not the object. */
export interface WriteContext {
  readonly cluster: Cluster;
  readonly kind: SimKind;
  /** From the URL; undefined for cluster-scoped kinds. */
  readonly namespace: string | undefined;
  /** From the URL; undefined for a create. */
  readonly name: string | undefined;
  readonly subresource: "" | "status" | "scale";
  readonly dryRun: boolean;
  readonly manager: string;
  readonly fieldValidation: "Ignore" | "Warn" | "Strict";
  /** Texts for `Warning` headers; operations add to it. */
  readonly warnings: string[];
}

/** What is answered: an HTTP status and a body. */
export interface Answer {
  readonly code: number;
  readonly body: Record<string, unknown>;
}

/** A context for what the cluster itself does. */
export function internalContext(
  cluster: Cluster,
  kind: SimKind,
  namespace: string | undefined,
): WriteContext {
  return {
    cluster,
    kind,
    namespace,
    name: undefined,
    subresource: "",
    dryRun: false,
    manager: "kube-controller-manager",
    fieldValidation: "Ignore",
    warnings: [],
  };
}
