import { splitHooks, type Hook } from "@octoplane/delivery/helm-hooks";
import type { Desired } from "@octoplane/delivery/desired";
import { withSchemas } from "@octoplane/delivery/observed-object";
import { objectId } from "@octoplane/delivery/object-id";
import type { InventoryItem } from "@octoplane/kinds/application";
import { migrationSideOf } from "@octoplane/kinds/migration-hook";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import { applyObject } from "./apply-object.ts";
import {
  intended,
  resolve,
  rulesOf,
  type ApplyState,
  type CopyInput,
  type CopyResult,
} from "./apply-state.ts";
import { Gates, isReadyFor } from "./gates.ts";
import { lookFirst } from "./look-first.ts";
import { finished } from "./observed.ts";
import { foreignTrouble } from "./ownership.ts";
import { keepLengths } from "./observer/keep-lengths.ts";
import { planCopy, type Foreign, type PhaseStep } from "./plan.ts";
import { removeObjects } from "./remove-objects.ts";
import { beginRun, runHooks, staleHookObjects } from "./run-hooks.ts";
import { isUnreachable, type Trouble } from "./trouble.ts";

/**
 * Applies, phase by phase, what is missing, changed or drifted, and removes what is no longer wanted. What is refused for good
 * keeps nothing else from its way but what cannot be without it. What it waits for wakes it through the watch.
 */
export async function applyCopy(input: CopyInput): Promise<CopyResult> {
  const { view, copy, signal } = input;
  const { standing, hooks } = splitHooks(input.manifest);
  const desired = withNamespacesOf(
    withSchemas(await resolve(input, standing), input.schemas),
    await resolve(input, [
      ...hooks.map(({ item }) => item),
      ...input.manifest.filter((item) => migrationSideOf(item) !== undefined),
    ]),
  );
  const inventory = new Map((copy?.objects ?? []).map((item) => [objectId(item), item]));
  // What is somebody else's is not marked as ours, and so not watched.
  const watched = desired.objects.filter(({ id }) => inventory.get(id)?.joined !== true);
  const { found, isWatched } = await view.observe(
    watched.map(({ ref }) => ref),
    signal,
  );
  const rules = rulesOf(input);
  const plan = planCopy(desired, copy?.objects ?? [], found, rules);
  const state: ApplyState = {
    input,
    rules,
    observed: new Map([...found].filter(([, observed]) => !rules.isForeign(observed))),
    inventory,
    blocked: new Map(),
    troubles: [],
    contested: [],
    waits: [],
    missingNamespaces: new Set(),
    forbiddenNamespaces: new Set(),
    hooks: copy?.hooks,
    waitsFor: undefined,
  };
  for (const item of plan.finished) {
    state.observed.set(objectId(item), finished(objectId(item), item.uid));
  }
  plan.foreign.forEach((foreign) => yieldTo(state, foreign));
  const progress = await applyWithHooks(state, { desired, plan, hooks });
  const pairs = progress === "settled" ? await keepLengths(state, desired.objects) : [];
  const stale = staleHookObjects(state, hooks);
  // What has become a hook is the hook's.
  const ofHooks = new Set(state.hooks?.objects.map(objectId));
  const isOfHook = (item: InventoryItem): boolean => ofHooks.has(objectId(item));
  for (const item of plan.prune.filter(isOfHook)) inventory.delete(objectId(item));
  const unwanted = [...plan.prune.filter((item) => !isOfHook(item)), ...stale];
  // What was refused may be what comes in their place.
  if (progress === "settled" && state.troubles.length === 0) await prune(state, unwanted);
  const isSettled = progress === "settled" && state.troubles.every(({ canPass }) => !canPass);
  const isPruned = unwanted.every((item) => !inventory.has(objectId(item)));
  return {
    objects: [...inventory.values()],
    hooks: state.hooks,
    observed: desired.objects.flatMap(({ id }) => state.observed.get(id) ?? []),
    isComplete: isSettled && isPruned && state.troubles.length === 0,
    isSettled,
    troubles: state.troubles,
    isWatched,
    waitsFor: state.waitsFor,
    contested: state.contested,
    pairs,
    repairInMs: state.waits.length === 0 ? undefined : Math.min(...state.waits),
  };
}

type Plan = ReturnType<typeof planCopy>;
/** `settled`: everything has been tried. `waiting`: something must come first, or has been put off. */
type Progress = "settled" | "waiting";

/** With the namespaces that are made for hooks: those stay when the hooks are over. */
function withNamespacesOf(desired: Desired, ofHooks: Desired): Desired {
  const known = new Set(desired.objects.map(({ id }) => id));
  const more = ofHooks.objects.filter(
    ({ id, phase, isImplied }) => phase === "namespaces" && isImplied && !known.has(id),
  );
  return more.length === 0 ? desired : { ...desired, objects: [...desired.objects, ...more] };
}

/** Another application has it now. It is not taken back, and not removed with ours. */
function yieldTo({ inventory, troubles, input }: ApplyState, { desired, observed }: Foreign): void {
  const item = inventory.get(desired.id);
  const had = item !== undefined && (item.uid === observed.uid || item.yielded !== undefined);
  inventory.delete(desired.id);
  if (had) {
    const yielded = item.yielded ?? input.generation;
    inventory.set(desired.id, { ...intended(desired), created: false, yielded });
  }
  troubles.push(foreignTrouble(desired, observed));
}

async function applyWithHooks(
  state: ApplyState,
  work: { readonly desired: Desired; readonly plan: Plan; readonly hooks: readonly Hook[] },
): Promise<Progress> {
  const { desired, plan, hooks } = work;
  const hasRun = beginRun(state, hooks);
  const gates = new Gates(desired, (id) => isGateOpen(state, id));
  const first = plan.steps.filter(({ phase }) => hasRun && phase === "namespaces");
  const before = await runSteps(state, first, gates);
  if (hasRun) {
    // Hooks need a namespace to run in, and nothing else.
    if (before !== "settled" || !(await runHooks(state, { hooks, side: "pre" }))) return "waiting";
  }
  const rest = plan.steps.filter((step) => !first.includes(step));
  const progress = await runSteps(state, rest, gates);
  if (!hasRun || progress === "waiting" || state.troubles.length > 0) return progress;
  // Hooks behind the others do not wait for Pods to be ready: they may be what those wait for.
  return (await runHooks(state, { hooks, side: "post" })) ? "settled" : "waiting";
}

async function runSteps(
  state: ApplyState,
  steps: readonly PhaseStep[],
  gates: Gates,
): Promise<Progress> {
  await lookFirst(state, steps);
  let progress: Progress = "settled";
  for (const step of steps) {
    const outcome = await runStep(state, step, gates);
    if (outcome !== "settled") progress = "waiting";
    if (outcome === "held") break;
  }
  return progress;
}

function isGateOpen(state: ApplyState, id: string): boolean {
  const { observed, inventory, forbiddenNamespaces } = state;
  const isTaken = inventory.get(id)?.joined === true || forbiddenNamespaces.has(id);
  return isTaken || isReadyFor(observed.get(id));
}

/** `held`: what comes after this phase must not begin. */
async function runStep(
  state: ApplyState,
  step: PhaseStep,
  gates: Gates,
): Promise<Progress | "held"> {
  const parallel = new Semaphore(limits.applyParallelMax);
  let isWaiting = false;
  const outcomes = await Promise.all(
    step.apply.map((apply) =>
      parallel.run(async () => {
        const { served, namespace } = apply.desired.ref;
        if (gates.isShutFor({ ...served, namespace })) {
          isWaiting = true;
          return undefined;
        }
        const trouble = await applyObject(state, apply);
        const isRefused = trouble?.canPass === false && step.phase === "namespaces";
        if (isRefused) state.forbiddenNamespaces.add(apply.desired.id);
        return trouble;
      }),
    ),
  );
  for (const { id, title, message, canPass } of step.unresolved) {
    const [group = "", kind = ""] = id.split("|");
    if (canPass && gates.isShutFor({ group, kind })) isWaiting = true;
    else {
      const text = `${title}: ${message}`;
      state.troubles.push({ code: "UNSUPPORTED_RESOURCE", message: text, canPass });
    }
  }
  const troubles = outcomes.flatMap((outcome) => outcome ?? []);
  state.troubles.push(...troubles);
  const leaving = step.objects.some(({ id }) => state.observed.get(id)?.isTerminating);
  if (troubles.some((trouble) => holdsBack(trouble, step))) return "held";
  if (leaving && !isGated(step)) return "held";
  return isWaiting || leaving || !isThrough(state, step) ? "waiting" : "settled";
}

/** Of these, only what lies in them waits for them. */
function isGated({ phase }: PhaseStep): boolean {
  return phase === "namespaces" || phase === "definitions";
}

function isThrough(state: ApplyState, step: PhaseStep): boolean {
  // What was refused for good is no reason to wait: nothing will come of it.
  if (!isGated(step)) return true;
  return step.objects.every(
    ({ id }) => isGateOpen(state, id) || state.observed.get(id) === undefined,
  );
}

/**
 * What can pass is waited for, because what comes later may need it, and not find it. Not so what only its own objects need, and
 * what a webhook refused: its server may be among what comes later.
 */
function holdsBack(trouble: Trouble, step: PhaseStep): boolean {
  if (isUnreachable(trouble)) return true;
  return trouble.canPass && !isGated(step) && trouble.isOfWebhook !== true;
}

async function prune(state: ApplyState, items: readonly InventoryItem[]): Promise<void> {
  if (items.length === 0) return;
  const { view, signal, owner, isLiving, othersIn } = state.input;
  const { inventory } = state;
  const work = { view, items, owner: owner.uid, isLiving, othersIn, signal };
  const removal = await removeObjects(work);
  for (const item of items) inventory.delete(objectId(item));
  for (const item of removal.remaining) inventory.set(objectId(item), item);
  state.troubles.push(...removal.troubles);
}
