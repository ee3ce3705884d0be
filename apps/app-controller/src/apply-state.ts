import type { Copy, InventoryItem } from "@octoplane/kinds/application";
import type { HookRun } from "@octoplane/kinds/application-copy";
import type { Delivery } from "@octoplane/kinds/delivery";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import { desiredObjects, type Desired, type DesiredObject } from "@octoplane/delivery/desired";
import type { ObservedPair } from "@octoplane/delivery/observed-object";
import type { Owner } from "@octoplane/delivery/mark";
import type { ClusterView } from "./cluster-view.ts";
import type { Observed } from "./observed.ts";
import type { PlanRules } from "./plan.ts";
import type { Trouble } from "./trouble.ts";

/** What the steps of applying a copy hand to each other. */

/** A reason and a text for people. */
export interface WaitsFor {
  readonly reason: string;
  readonly message: string;
}

/** What came of bringing one copy to what it should be. */
export interface CopyResult {
  readonly objects: readonly InventoryItem[];
  readonly hooks: HookRun | undefined;
  readonly observed: readonly Observed[];
  /** True when everything stands as it should, whether healthy or not. */
  readonly isComplete: boolean;
  /** True when everything stands but what was refused for good. */
  readonly isSettled: boolean;
  readonly troubles: readonly Trouble[];
  /** False when changes on the cluster have to be looked for. */
  readonly isWatched: boolean;
  /** What comes first, when nothing is wrong and not everything is there yet. */
  readonly waitsFor: WaitsFor | undefined;
  /** What somebody keeps changing against us, so that repairs are put off until `repairInMs` have passed. */
  readonly contested: readonly string[];
  /** What is watched of objects of which only some fields are. */
  readonly pairs: readonly ObservedPair[];
  readonly repairInMs: number | undefined;
}

export interface CopyInput {
  readonly view: ClusterView;
  readonly manifest: readonly ManifestObject[];
  readonly delivery: Delivery;
  /** Which fields of objects are ours, where not all of them are. */
  readonly schemas: readonly ManifestObject[];
  readonly generation: number;
  /** What the hooks of Helm tell an upgrade by: the manifest as it was written. */
  readonly source: readonly ManifestObject[];
  readonly owner: Owner;
  readonly copy: Copy | undefined;
  /** True when the application with this uid is still there. */
  readonly isLiving: (uid: string) => boolean;
  /** Who else has objects in a namespace of this cluster. */
  readonly othersIn: (namespace: string) => readonly string[];
  /**
   * Writes down what is about to be made for the first time, before it is: a process that ends in between leaves nothing
   * behind that nobody knows of. Fails, and nothing is sent to the cluster, when what we set out from is out of date.
   */
  readonly intend: (made: Made) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What is written down of a copy. */
export type Made = Pick<CopyResult, "objects" | "hooks">;

export interface ApplyState {
  readonly input: CopyInput;
  readonly rules: PlanRules;
  readonly observed: Map<string, Observed>;
  readonly inventory: Map<string, InventoryItem>;
  /** Objects that must not be applied, and why. */
  readonly blocked: Map<string, Trouble>;
  readonly troubles: Trouble[];
  readonly contested: string[];
  readonly waits: number[];
  /** Namespaces that turned out not to be there: nothing else is tried in them. */
  readonly missingNamespaces: Set<string>;
  /** Namespaces that we may not make or change; they may be there all the same. */
  readonly forbiddenNamespaces: Set<string>;
  hooks: HookRun | undefined;
  waitsFor: WaitsFor | undefined;
}

export function rulesOf({ owner, isLiving, delivery, generation }: CopyInput): PlanRules {
  return {
    isForeign: ({ owner: other }) => other !== undefined && other !== owner.uid && isLiving(other),
    // Whoever lost an object does not take it back before somebody has looked at the application again.
    mayAdopt: (item) => delivery.adopt === true && item?.yielded !== generation,
  };
}

export async function resolve(
  { view, owner, delivery, signal }: Pick<CopyInput, "view" | "owner" | "delivery" | "signal">,
  manifest: readonly ManifestObject[],
): Promise<Desired> {
  const wanted = manifest.flatMap((item) => {
    const identity = identify(item);
    return "problem" in identity ? [] : [identity];
  });
  const discovery = await view.served(wanted, signal);
  const { defaultNamespace } = view.kube;
  return desiredObjects(manifest, { ...discovery, defaultNamespace }, owner, delivery);
}

/** As it is written down before it is made. */
export function intended(desired: DesiredObject): Omit<InventoryItem, "created"> {
  const { served, namespace, name } = desired.ref;
  const { group, version, kind } = served;
  const identity = { group, version, kind, namespace: namespace ?? null, name };
  const keep = desired.isKept ? { keep: true } : {};
  return { ...identity, uid: "", digest: "", fields_digest: "", ...keep };
}
