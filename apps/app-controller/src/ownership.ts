import type { InventoryItem } from "@octoplane/kinds/application";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { isHookSecret } from "@octoplane/delivery/hook-objects";
import { ownerNameOf, ownerOf } from "@octoplane/delivery/mark";
import { titleOfId } from "@octoplane/delivery/object-id";
import { fieldManager, type KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import type { Observed } from "./observed.ts";
import type { Trouble } from "./trouble.ts";

/** Whose an object is that stands where we want one, and what follows from that. All pure. */

export interface OwnershipRules {
  /** The uid of our application. */
  readonly owner: string;
  readonly isLiving: (uid: string) => boolean;
  readonly mayAdopt: boolean;
}

/** `take`: it is ours, or may become so. `join`: a namespace of somebody else's, used as it is. */
export type Verdict = "take" | "join" | Trouble;

export function judge(
  existing: KubeObject,
  desired: DesiredObject,
  item: InventoryItem | undefined,
  rules: OwnershipRules,
): Verdict {
  const { metadata } = existing;
  const other = ownerOf(existing);
  const isOurs = other === rules.owner || (other === undefined && item?.uid === metadata.uid);
  // What an application left behind that is no longer there belongs to nobody.
  const isNobodys = other !== undefined && !rules.isLiving(other);
  const { served, name } = desired.ref;
  const wasKrakes = other === undefined && isHookSecret({ kind: served.kind, name });
  const isFree = isOurs || isNobodys || rules.mayAdopt || wasKrakes || appliedByUs(existing, other);
  if (metadata.deletionTimestamp !== undefined) {
    const message = `${titleOfId(desired.id)} is there and on its way out`;
    return { code: "KUBERNETES_ERROR", message, canPass: true };
  }
  if (desired.phase === "namespaces" && !isOurs && isSatisfiedBy(existing, desired)) return "join";
  if (isFree) return "take";
  return other === undefined
    ? ownedByOther(desired, `was made by ${makersOf(existing)}`)
    : ownedByOther(desired, ownerText(ownerNameOf(existing)));
}

/** What is left to the application that it belongs to. */
export function foreignTrouble(desired: DesiredObject, { ownerName }: Observed): Trouble {
  return ownedByOther(desired, ownerText(ownerName));
}

function ownerText(name: string | undefined): string {
  return name === undefined ? "belongs to another application" : `belongs to application ${name}`;
}

function ownedByOther({ id }: DesiredObject, what: string): Trouble {
  const message = `${titleOfId(id)} ${what}; spec.delivery.adopt (--adopt) takes it over`;
  return { code: "OWNED_BY_OTHER", message, canPass: false };
}

/** Somebody took our mark away, but the fields are ours: nobody else would have applied under our name. */
function appliedByUs(existing: KubeObject, owner: string | undefined): boolean {
  return owner === undefined && managersOf(existing).includes(fieldManager);
}

function managersOf({ metadata }: KubeObject): readonly string[] {
  const entries = metadata["managedFields"];
  if (!Array.isArray(entries)) return [];
  return (entries as readonly { readonly manager?: string }[]).flatMap(
    ({ manager }) => manager ?? [],
  );
}

function makersOf(existing: KubeObject): string {
  const managers = [...new Set(managersOf(existing))].slice(0, limits.namesToldMax);
  return managers.length === 0 ? "somebody else" : `somebody else (${managers.join(", ")})`;
}

/** True when nothing of a namespace is wanted that it does not have already, our own marks left aside. */
function isSatisfiedBy(existing: KubeObject, { object }: DesiredObject): boolean {
  if (object["spec"] !== undefined) return false;
  const has = (
    field: "labels" | "annotations",
    wanted: Readonly<Record<string, string>> | undefined,
  ): boolean =>
    Object.entries(wanted ?? {}).every(
      ([key, value]) =>
        key.startsWith("octoplane.io/") || existing.metadata[field]?.[key] === value,
    );
  return has("labels", object.metadata.labels) && has("annotations", object.metadata.annotations);
}
