import type { InventoryItem } from "@octoplane/kinds/application";
import type { Desired, DesiredObject, Unresolved } from "./desired.ts";
import { objectId } from "./desired.ts";
import type { Observed } from "./observed.ts";
import { phases, type Phase } from "./phase.ts";

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

export function planCopy(
  desired: Desired,
  inventory: readonly InventoryItem[],
  observed: ReadonlyMap<string, Observed>,
): Plan {
  const known = new Map(inventory.map((item) => [objectId(item), item]));
  const wanted = new Set([...desired.objects, ...desired.unresolved].map(({ id }) => id));
  const steps = phases.map((phase): PhaseStep => {
    const objects = desired.objects.filter((object) => object.phase === phase);
    const apply: Apply[] = [];
    for (const object of objects) {
      const cause = causeToApply(object, known.get(object.id), observed.get(object.id));
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
  };
}

function causeToApply(
  desired: DesiredObject,
  item: InventoryItem | undefined,
  observed: Observed | undefined,
): Apply["cause"] | undefined {
  // One on its way out is waited for: what is applied to it would go with it.
  if (observed?.isTerminating) return undefined;
  // Without a uid it was only meant to be made, as far as we know.
  if (!item || item.uid === "") return "new";
  if (item.digest !== desired.digest) return "changed";
  if (hasFinished(desired, item, observed)) return undefined;
  if (observed?.uid !== item.uid) return "missing";
  const isOurs = observed.fieldsDigest === item.fields_digest && observed.applied === item.digest;
  return isOurs ? undefined : "drifted";
}

function hasFinished(
  desired: DesiredObject,
  item: InventoryItem,
  observed: Observed | undefined,
): boolean {
  const wasMade = item.uid !== "" && item.digest === desired.digest;
  return desired.removesItself && wasMade && observed === undefined;
}

/** True when the phase is far enough for what comes after it: namespaces are active and definitions established. */
export function isGateOpen(step: PhaseStep, observed: ReadonlyMap<string, Observed>): boolean {
  if (step.phase !== "namespaces" && step.phase !== "definitions") return true;
  return step.objects.every(({ id }) => {
    const object = observed.get(id);
    return object !== undefined && !object.isTerminating && object.health.status === "healthy";
  });
}
