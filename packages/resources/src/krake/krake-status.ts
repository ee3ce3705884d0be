import { textOf } from "@octoplane/shared/text-of";
import type { ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { setCondition, type Condition, type Finding } from "@octoplane/kinds/condition";
import type { AnyKind } from "@octoplane/kinds/kind";
import { MagnumClusterKind } from "@octoplane/kinds/magnum-cluster";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { readAs } from "@octoplane/kinds/read-input";
import { isFailure } from "@octoplane/shared/errors";
import { withoutDerived } from "../record.ts";
import { fitSchema } from "./fit-schema.ts";
import { isKind, isPlain, readTime, type Plain } from "./krake-object.ts";

/** Krake's status of an object as ours. What controllers find out again by themselves is left to them. Pure. */

/** Where an application stands, as far as that is still there. */
export interface KrakePlace {
  /** Where it belongs. */
  readonly bound: ResourceRef | null;
  readonly running: ResourceRef | null;
  /** What was found of it on the cluster. */
  readonly copy: Copy | undefined;
}

/** The status of a kind other than applications; `undefined` for kinds without one. */
export function importedStatus(kind: AnyKind, krake: Plain, now: string): Plain | undefined {
  if (kind.status === undefined) return undefined;
  const kept = isKind(kind, ClusterKind)
    ? pick(krake, ["cluster_id", "last_applied_tosca", "scheduled_to", "running_on", "nodes"])
    : isKind(kind, MagnumClusterKind)
      ? pick(krake, [
          "project",
          "template",
          "cluster_id",
          "node_count",
          "api_address",
          "master_addresses",
          "node_addresses",
          "cluster",
        ])
      : {};
  const finding = isKind(kind, ClusterKind)
    ? reachable(krake["state"])
    : isKind(kind, MagnumClusterKind)
      ? provisioned(krake)
      : undefined;
  const conditions = finding ? setCondition([], finding, now) : [];
  const scheduled = isKind(kind, ClusterKind) ? (readTime(krake["scheduled"]) ?? null) : undefined;
  return readStatus(kind, {
    ...kept,
    conditions: [...conditions],
    ...(scheduled === undefined ? {} : { scheduled }),
  });
}

/** The status of an application that stands where Krake had put it. */
export function importedApplicationStatus(
  kind: AnyKind,
  krake: Plain,
  place: KrakePlace,
  { generation, now }: { readonly generation: number; readonly now: string },
): Plain {
  const { bound, running, copy } = place;
  const conditions = bound === null ? [] : conditionsOf(krake["state"], bound, { generation, now });
  const shown = running === null ? {} : pick(krake, ["container_health", "services"]);
  const handed: Partial<ApplicationStatus> =
    bound === null
      ? {}
      : {
          scheduled_to: bound,
          scheduled_generation: generation,
          // Metrics may move it again when the usual time has passed from now, not from what Krake remembers.
          scheduled: now,
          kube_controller_triggered: now,
        };
  return readStatus(kind, {
    ...shown,
    ...handed,
    running_on: running,
    copies: copy ? [copy] : [],
    conditions: [...conditions],
  });
}

function conditionsOf(
  state: unknown,
  bound: ResourceRef,
  { generation, now }: { readonly generation: number; readonly now: string },
): readonly Condition[] {
  const observed = { observed_generation: generation };
  const scheduled = {
    type: "Scheduled",
    status: "True",
    reason: "Imported",
    message: `was on ${bound.name} under Krake`,
    ...observed,
  } as const;
  const conditions = setCondition([], scheduled, now);
  if (state !== "RUNNING" && state !== "COMPLETED") return conditions;
  // Until the application controller has looked by itself, what Krake saw last is what is known.
  const reason = state === "COMPLETED" ? "Completed" : "Healthy";
  const healthy = { type: "Healthy", status: "True", reason, message: "", ...observed } as const;
  return setCondition(conditions, healthy, now);
}

/**
 * A cluster that Krake could reach is taken to be there until it is found otherwise: one that is merely unknown would drive
 * its applications away in the moment of the import.
 */
function reachable(state: unknown): Finding | undefined {
  const there = ["ONLINE", "FAILING_METRICS", "UNHEALTHY", "NOTREADY"].includes(textOf(state));
  if (!there) return undefined;
  return {
    type: "Reachable",
    status: "True",
    reason: "Imported",
    message: "it answered to Krake",
    observed_generation: 1,
  };
}

function provisioned(krake: Plain): Finding | undefined {
  const finding = { type: "Provisioned", message: "", observed_generation: 1 } as const;
  switch (krake["state"]) {
    case "RUNNING":
      return { ...finding, status: "True", reason: "Imported" };
    case "CREATING":
    case "RECONCILING":
      return { ...finding, status: "Unknown", reason: "Imported" };
    case "FAILED": {
      const { code, message } = isPlain(krake["reason"]) ? krake["reason"] : {};
      const reason = typeof code === "string" ? code : "INTERNAL_ERROR";
      return { ...finding, status: "False", reason, message: textOf(message ?? "") };
    }
    default:
  }
  return undefined;
}

/** A part of Krake's status that does not fit is left out: it is found out again, or was of no use. */
function readStatus(kind: AnyKind, sent: Plain): Plain {
  const schema = kind.status!;
  const fitted: Plain = fitSchema(schema, sent, "status").value as Plain;
  let kept = fitted;
  for (const name of Object.keys(fitted)) {
    try {
      readAs(schema, { [name]: fitted[name] });
    } catch (error) {
      if (!isFailure(error, "Invalid")) throw error;
      const { [name]: _misfit, ...others } = kept;
      kept = others;
    }
  }
  return withoutDerived(kind, readAs<Plain>(schema, kept));
}

function pick(from: Plain, names: readonly string[]): Plain {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  );
}
