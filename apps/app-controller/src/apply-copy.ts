import type { Copy, InventoryItem } from "@octoplane/kinds/application";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ClusterView } from "./cluster-view.ts";
import { desiredObjects, objectId, type Desired, type DesiredObject } from "./desired.ts";
import { ownerOf, type Owner } from "./mark.ts";
import type { Observed } from "./observed.ts";
import { isGateOpen, planCopy, type Apply, type PhaseStep } from "./plan.ts";
import { removeObjects } from "./remove-objects.ts";
import { troubleOf, type Trouble } from "./trouble.ts";

/** What came of bringing one copy to what it should be. */
export interface CopyResult {
  readonly objects: readonly InventoryItem[];
  readonly observed: readonly Observed[];
  /** True when everything stands as it should, whether healthy or not. */
  readonly isComplete: boolean;
  readonly troubles: readonly Trouble[];
  /** False when changes on the cluster have to be looked for. */
  readonly isWatched: boolean;
  /** How many writes were sent: none for a copy that is as it should be. */
  readonly writes: number;
}

export interface CopyInput {
  readonly view: ClusterView;
  readonly manifest: readonly ManifestObject[];
  readonly owner: Owner;
  readonly copy: Copy | undefined;
  /** True when the application with this uid is still there. */
  readonly isLiving: (uid: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Applies, phase by phase, what is missing, changed or drifted, and removes what is no longer wanted. Goes on with the
 * other objects of a phase when one fails, and stops behind the phase. What it waits for wakes it through the watch.
 */
export async function applyCopy(input: CopyInput): Promise<CopyResult> {
  const { view, copy, signal } = input;
  const desired = await resolve(input);
  const { found, isWatched } = await view.observe(
    desired.objects.map(({ ref }) => ref),
    signal,
  );
  const observed = new Map(found);
  const inventory = new Map((copy?.objects ?? []).map((item) => [objectId(item), item]));
  const plan = planCopy(desired, copy?.objects ?? [], observed);
  const state: ApplyState = { input, observed, inventory, troubles: [], writes: 0 };
  let isComplete = true;
  for (const step of plan.steps) {
    if (!(await runStep(state, step))) {
      isComplete = false;
      break;
    }
  }
  if (isComplete && plan.prune.length > 0) isComplete = await prune(state, plan.prune);
  return {
    objects: [...inventory.values()],
    observed: desired.objects
      .map(({ id }) => observed.get(id))
      .filter((object) => object !== undefined),
    isComplete,
    troubles: state.troubles,
    isWatched,
    writes: state.writes,
  };
}

interface ApplyState {
  readonly input: CopyInput;
  readonly observed: Map<string, Observed>;
  readonly inventory: Map<string, InventoryItem>;
  readonly troubles: Trouble[];
  writes: number;
}

async function resolve({ view, manifest, owner, signal }: CopyInput): Promise<Desired> {
  const wanted = manifest.flatMap((item) => {
    const identity = identify(item);
    return "problem" in identity ? [] : [identity];
  });
  const served = await view.served(wanted, signal);
  return desiredObjects(manifest, { served, defaultNamespace: view.kube.defaultNamespace }, owner);
}

/** True when what comes after this phase may begin. */
async function runStep(state: ApplyState, step: PhaseStep): Promise<boolean> {
  const parallel = new Semaphore(limits.applyParallelMax);
  const outcomes = await Promise.all(
    step.apply.map((apply) => parallel.run(() => applyOne(state, apply))),
  );
  const troubles = outcomes.filter((outcome) => outcome !== undefined);
  for (const { title, message } of step.unresolved) {
    troubles.push({
      code: "UNSUPPORTED_RESOURCE",
      message: `${title}: ${message}`,
      canPass: false,
    });
  }
  state.troubles.push(...troubles);
  const leaving = step.objects.some(({ id }) => state.observed.get(id)?.isTerminating);
  return troubles.length === 0 && !leaving && isGateOpen(step, state.observed);
}

async function applyOne(
  state: ApplyState,
  { desired, isFirst }: Apply,
): Promise<Trouble | undefined> {
  const { view, owner, signal } = state.input;
  try {
    const existing = isFirst ? await view.kube.get(desired.ref, signal) : undefined;
    const other = existing && ownerOf(existing);
    if (other !== undefined && other !== owner.uid && state.input.isLiving(other)) {
      const message = `${titleOf(desired)} belongs to another application`;
      return { code: "OWNED_BY_OTHER", message, canPass: false };
    }
    const result = await view.kube.apply(desired.ref, desired.object, { force: true }, signal);
    state.writes += 1;
    const observed = view.note(desired.ref.served, result.object);
    state.observed.set(desired.id, observed);
    const before = state.inventory.get(desired.id);
    state.inventory.set(desired.id, {
      group: desired.ref.served.group,
      version: desired.ref.served.version,
      kind: desired.ref.served.kind,
      namespace: desired.ref.namespace ?? null,
      name: desired.ref.name,
      uid: observed.uid,
      digest: desired.digest,
      fields_digest: observed.fieldsDigest,
      created: before?.created ?? result.created,
    });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return troubleOf(error, titleOf(desired));
  }
}

async function prune(state: ApplyState, items: readonly InventoryItem[]): Promise<boolean> {
  const { view, signal } = state.input;
  const { remaining, troubles, writes } = await removeObjects(view, items, signal);
  for (const item of items) state.inventory.delete(objectId(item));
  for (const item of remaining) state.inventory.set(objectId(item), item);
  state.troubles.push(...troubles);
  state.writes += writes;
  return remaining.length === 0;
}

function titleOf({ ref }: DesiredObject): string {
  const place = ref.namespace === undefined ? "" : ` in namespace ${ref.namespace}`;
  return `${ref.served.kind} ${ref.name}${place}`;
}
