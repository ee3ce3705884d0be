import type { Copy, InventoryItem } from "@octoplane/kinds/application";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import type { KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ClusterView } from "./cluster-view.ts";
import { desiredObjects, objectId, type Desired, type DesiredObject } from "./desired.ts";
import { ownerOf, type Owner } from "./mark.ts";
import { finished, type Observed } from "./observed.ts";
import { isGateOpen, planCopy, type Apply, type PhaseStep, type Plan } from "./plan.ts";
import { removeObjects } from "./remove-objects.ts";
import type { Trouble } from "./trouble.ts";

/** What came of bringing one copy to what it should be. */
export interface CopyResult {
  readonly objects: readonly InventoryItem[];
  readonly observed: readonly Observed[];
  /** True when everything stands as it should, whether healthy or not. */
  readonly isComplete: boolean;
  readonly troubles: readonly Trouble[];
  /** False when changes on the cluster have to be looked for. */
  readonly isWatched: boolean;
  /** What somebody keeps changing against us, so that repairs are put off until `repairInMs` have passed. */
  readonly contested: readonly string[];
  readonly repairInMs: number | undefined;
}

export interface CopyInput {
  readonly view: ClusterView;
  readonly manifest: readonly ManifestObject[];
  readonly owner: Owner;
  readonly copy: Copy | undefined;
  /** True when the application with this uid is still there. */
  readonly isLiving: (uid: string) => boolean;
  /**
   * Writes down what is about to be made for the first time, before it is: a process that ends in between leaves nothing
   * behind that nobody knows of. Fails, and nothing is sent to the cluster, when what we set out from is out of date.
   */
  readonly intend: (objects: readonly InventoryItem[]) => Promise<void>;
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
  const inventory = new Map((copy?.objects ?? []).map((item) => [objectId(item), item]));
  const plan = planCopy(desired, copy?.objects ?? [], found);
  const state: ApplyState = {
    input,
    observed: new Map(found),
    inventory,
    blocked: new Map(),
    troubles: [],
    contested: [],
    waits: [],
  };
  for (const item of plan.finished) {
    state.observed.set(objectId(item), finished(objectId(item), item.uid));
  }
  await lookFirst(state, plan);
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
      .map(({ id }) => state.observed.get(id))
      .filter((object) => object !== undefined),
    isComplete,
    troubles: state.troubles,
    isWatched,
    contested: state.contested,
    repairInMs: state.waits.length === 0 ? undefined : Math.min(...state.waits),
  };
}

interface ApplyState {
  readonly input: CopyInput;
  readonly observed: Map<string, Observed>;
  readonly inventory: Map<string, InventoryItem>;
  /** Objects that must not be applied, and why. */
  readonly blocked: Map<string, Trouble>;
  readonly troubles: Trouble[];
  readonly contested: string[];
  readonly waits: number[];
}

async function resolve({ view, manifest, owner, signal }: CopyInput): Promise<Desired> {
  const wanted = manifest.flatMap((item) => {
    const identity = identify(item);
    return "problem" in identity ? [] : [identity];
  });
  const discovery = await view.served(wanted, signal);
  const { defaultNamespace } = view.kube;
  return desiredObjects(manifest, { ...discovery, defaultNamespace }, owner);
}

/** Looks at what may be somebody else's, and writes down what will be ours. */
async function lookFirst(state: ApplyState, plan: Plan): Promise<void> {
  const { view, signal, intend } = state.input;
  const parallel = new Semaphore(limits.applyParallelMax);
  const unknown = plan.steps
    .flatMap(({ apply }) => apply)
    .filter(({ cause }) => cause === "new" || cause === "missing");
  await Promise.all(
    unknown.map(({ desired, cause }) =>
      parallel.run(async () => {
        try {
          const existing = await view.kube.get(desired.ref, signal);
          const trouble = existing && obstacle(state.input, desired, existing);
          if (trouble) state.blocked.set(desired.id, trouble);
          else if (cause === "new") intendOne(state, desired, existing);
        } catch (error) {
          if (signal.aborted) throw error;
          state.blocked.set(desired.id, view.trouble(error, titleOf(desired)));
        }
      }),
    ),
  );
  if (unknown.some(({ cause }) => cause === "new")) await intend([...state.inventory.values()]);
}

function obstacle(
  { owner, isLiving }: CopyInput,
  desired: DesiredObject,
  existing: KubeObject,
): Trouble | undefined {
  const other = ownerOf(existing);
  if (other !== undefined && other !== owner.uid && isLiving(other)) {
    const message = `${titleOf(desired)} belongs to another application`;
    return { code: "OWNED_BY_OTHER", message, canPass: false };
  }
  if (existing.metadata.deletionTimestamp === undefined) return undefined;
  const message = `${titleOf(desired)} is there and on its way out`;
  return { code: "KUBERNETES_ERROR", message, canPass: true };
}

function intendOne(
  { input, inventory }: ApplyState,
  desired: DesiredObject,
  existing: KubeObject | undefined,
): void {
  const before = inventory.get(desired.id);
  const isOurs = existing !== undefined && ownerOf(existing) === input.owner.uid;
  inventory.set(desired.id, {
    ...itemOf(desired),
    uid: "",
    digest: "",
    fields_digest: "",
    created: existing === undefined || (isOurs && before?.created === true),
  });
}

function itemOf({ ref }: DesiredObject) {
  const { group, version, kind } = ref.served;
  return { group, version, kind, namespace: ref.namespace ?? null, name: ref.name };
}

/** True when what comes after this phase may begin. */
async function runStep(state: ApplyState, step: PhaseStep): Promise<boolean> {
  const parallel = new Semaphore(limits.applyParallelMax);
  const outcomes = await Promise.all(
    step.apply.map((apply) => parallel.run(() => applyOne(state, apply))),
  );
  const troubles = outcomes.filter((outcome) => outcome !== undefined);
  for (const { title, message, canPass } of step.unresolved) {
    const text = `${title}: ${message}`;
    troubles.push({ code: "UNSUPPORTED_RESOURCE", message: text, canPass });
  }
  state.troubles.push(...troubles);
  const leaving = step.objects.some(({ id }) => state.observed.get(id)?.isTerminating);
  return troubles.length === 0 && !leaving && isGateOpen(step, state.observed);
}

async function applyOne(
  state: ApplyState,
  { desired, cause }: Apply,
): Promise<Trouble | undefined> {
  const { view, signal } = state.input;
  const blocked = state.blocked.get(desired.id);
  if (blocked) return blocked;
  const wait = cause === "drifted" ? view.repairs.ask(desired.id) : 0;
  if (wait > 0) {
    state.waits.push(wait);
    state.contested.push(titleOf(desired));
    return undefined;
  }
  try {
    const result = await view.kube.apply(desired.ref, desired.object, { force: true }, signal);
    const observed = view.note(desired.ref.served, result.object);
    state.observed.set(desired.id, observed);
    const before = state.inventory.get(desired.id);
    state.inventory.set(desired.id, {
      ...itemOf(desired),
      uid: observed.uid,
      digest: desired.digest,
      fields_digest: observed.fieldsDigest,
      created: before?.created ?? result.created,
    });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return view.trouble(error, titleOf(desired));
  }
}

async function prune(state: ApplyState, items: readonly InventoryItem[]): Promise<boolean> {
  const { view, signal, owner, isLiving } = state.input;
  const removal = await removeObjects({ view, items, owner: owner.uid, isLiving, signal });
  for (const item of items) state.inventory.delete(objectId(item));
  for (const item of removal.remaining) state.inventory.set(objectId(item), item);
  state.troubles.push(...removal.troubles);
  return removal.remaining.length === 0;
}

function titleOf({ ref }: DesiredObject): string {
  const place = ref.namespace === undefined ? "" : ` in namespace ${ref.namespace}`;
  return `${ref.served.kind} ${ref.name}${place}`;
}
