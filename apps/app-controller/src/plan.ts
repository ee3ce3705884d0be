import type { InventoryItem } from "@octoplane/kinds/application";
import type { Desired, DesiredObject, Unresolved } from "@octoplane/delivery/desired";
import { objectId } from "@octoplane/delivery/object-id";
import { phases, type Phase } from "@octoplane/delivery/phase";
import type { Observed } from "./observed.ts";

/**
 * What has to be done to one copy of an application, from what should be, what we did before and what stands there now.
 * Pure; an empty plan means that not one request is sent.
 */
export interface Plan {
  readonly steps: readonly PhaseStep[];
  /** What we made and no longer want. */
  readonly prune: readonly InventoryItem[];
  /** What has done its work and removed itself. */
  readonly finished: readonly InventoryItem[];
  /** What belongs to another application, and is left to it. */
  readonly foreign: readonly Foreign[];
}

export interface PhaseStep {
  readonly phase: Phase;
  readonly apply: readonly Apply[];
  readonly unresolved: readonly Unresolved[];
  /** All objects of the phase, for the gate behind it. */
  readonly objects: readonly DesiredObject[];
}

export interface Apply {
  readonly desired: DesiredObject;
  /** `new` and `missing`: somebody else may have made one meanwhile, so it is looked at first. */
  readonly cause: "new" | "changed" | "missing" | "drifted";
}

export interface Foreign {
  readonly desired: DesiredObject;
  readonly observed: Observed;
}

export interface PlanRules {
  /** True for what belongs to an application that is still there, and not to this one. */
  readonly isForeign: (observed: Observed) => boolean;
  /** True when an object of another application may be taken over. */
  readonly mayAdopt: (item: InventoryItem | undefined) => boolean;
}

export function planCopy(
  desired: Desired,
  inventory: readonly InventoryItem[],
  observed: ReadonlyMap<string, Observed>,
  rules: PlanRules,
): Plan {
  const known = new Map(inventory.map((item) => [objectId(item), item]));
  const wanted = new Set([...desired.objects, ...desired.unresolved].map(({ id }) => id));
  const foreign = desired.objects.flatMap((object): readonly Foreign[] => {
    const seen = observed.get(object.id);
    const item = known.get(object.id);
    // What was ours and was taken is not taken back: two that adopt would go on for ever.
    const mayTake = (item?.uid ?? "") === "" && rules.mayAdopt(item);
    const isLeft = seen && rules.isForeign(seen) && !mayTake;
    // Several applications may live in one namespace, so that one is looked at.
    return isLeft && object.phase !== "namespaces" ? [{ desired: object, observed: seen }] : [];
  });
  const left = new Set(foreign.map(({ desired: { id } }) => id));
  const steps = phases.map((phase): PhaseStep => {
    const objects = desired.objects.filter((object) => object.phase === phase);
    const apply: Apply[] = [];
    for (const object of objects) {
      if (left.has(object.id)) continue;
      const seen = observed.get(object.id);
      const isForeign = seen !== undefined && rules.isForeign(seen);
      const cause = causeToApply(object, known.get(object.id), { seen, isForeign });
      if (cause) apply.push({ desired: object, cause });
    }
    const unresolved = desired.unresolved.filter((item) => item.phase === phase);
    return { phase, apply, unresolved, objects };
  });
  return {
    steps: steps.filter((step) => step.objects.length > 0 || step.unresolved.length > 0),
    prune: inventory.filter((item) => !wanted.has(objectId(item))),
    finished: desired.objects.flatMap((object) => {
      const item = known.get(object.id);
      return item && hasFinished(object, item, observed.get(object.id)) ? [item] : [];
    }),
    foreign,
  };
}

function causeToApply(
  desired: DesiredObject,
  item: InventoryItem | undefined,
  { seen, isForeign }: { readonly seen: Observed | undefined; readonly isForeign: boolean },
): Apply["cause"] | undefined {
  if (isJoined(desired, item)) return undefined;
  // One on its way out is waited for: what is applied to it would go with it.
  if (seen?.isTerminating) return undefined;
  // Without a uid it was only meant to be made, as far as we know.
  if (!item || item.uid === "" || item.joined || isForeign) return "new";
  if (item.digest !== desired.digest) return "changed";
  if (hasFinished(desired, item, seen)) return undefined;
  if (seen?.uid !== item.uid) return "missing";
  const isOurs = seen.fieldsDigest === item.fields_digest && seen.applied === item.digest;
  return isOurs ? undefined : "drifted";
}

/** A namespace of somebody else's in which nothing but its name is wanted. */
function isJoined(desired: DesiredObject, item: InventoryItem | undefined): boolean {
  return item?.joined === true && item.digest === desired.digest;
}

function hasFinished(
  desired: DesiredObject,
  item: InventoryItem,
  observed: Observed | undefined,
): boolean {
  const wasMade = item.uid !== "" && item.digest === desired.digest;
  return desired.removesItself && wasMade && observed === undefined;
}
