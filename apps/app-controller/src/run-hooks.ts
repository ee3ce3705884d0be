import type { InventoryItem } from "@octoplane/kinds/application";
import type { HookRun } from "@octoplane/kinds/application-copy";
import { hookFailed } from "@octoplane/kinds/application-state";
import type { Desired, DesiredObject } from "@octoplane/delivery/desired";
import {
  hookSteps,
  manifestDigest,
  type Hook,
  type HookEvent,
  type HookSide,
} from "@octoplane/delivery/helm-hooks";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import { intended, resolve, type ApplyState } from "./apply-state.ts";
import { isReadyFor } from "./gates.ts";
import type { Observed } from "./observed.ts";
import { judge } from "./ownership.ts";
import { removeObjects } from "./remove-objects.ts";

/**
 * Hooks of Helm, and Jobs of a migration, run once for each event and copy. How far they have come stands in the books, so that a process that ends in
 * between neither forgets one nor runs it twice; what they made is not looked after.
 */

/** Finds out which event it is. False when there is nothing to run. */
export function beginRun(state: ApplyState, hooks: readonly Hook[]): boolean {
  const { copy, source, generation } = state.input;
  if (hooks.length === 0) return false;
  const digest = manifestDigest(source);
  const known = state.hooks?.event === "delete" ? undefined : state.hooks;
  const objects = state.hooks?.objects ?? [];
  if (known === undefined) {
    // A manifest that had no hooks until now has changed.
    const event: HookEvent = (copy?.generation ?? 0) > 0 ? "upgrade" : "install";
    state.hooks = { event, digest, generation, over: false, turns: {}, objects };
  } else if (known.digest !== digest) {
    const event: HookEvent = known.over ? "upgrade" : known.event;
    state.hooks = { event, digest, generation, over: false, turns: {}, objects };
  } else if (known.failed !== undefined && known.generation !== generation) {
    // Somebody has looked at it; what it needed may be there now.
    state.hooks = { event: known.event, digest, generation, over: false, turns: {}, objects };
  }
  return true;
}

/** Begins the hooks of a deletion, or goes on with them. False when there are none. */
export function beginRemoval(state: ApplyState, hooks: readonly Hook[]): boolean {
  const event = "delete";
  const meant = (["pre", "post"] as const).flatMap((side) => hookSteps(hooks, { side, event }));
  if (meant.length === 0) return false;
  const { generation } = state.input;
  const known = state.hooks?.event === event ? state.hooks : undefined;
  // Somebody has looked at one that failed; what it needed may be there now.
  const isSeenTo = known?.failed !== undefined && known.generation !== generation;
  if (known === undefined || isSeenTo) {
    const objects = state.hooks?.objects ?? [];
    state.hooks = { event, digest: "", generation, over: false, turns: {}, objects };
  }
  return true;
}

/** What hooks that are no longer in the manifest have left behind. */
export function staleHookObjects(
  state: ApplyState,
  hooks: readonly Hook[],
): readonly InventoryItem[] {
  if (hooks.length > 0 || state.hooks === undefined) return [];
  const { objects } = state.hooks;
  for (const item of objects) state.inventory.set(objectId(item), item);
  state.hooks = undefined;
  return objects;
}

interface Turn {
  readonly hook: Hook;
  readonly desired: DesiredObject;
  /** Under which it stands in the books. */
  readonly key: string;
}

/** Runs the hooks of one side, step by step. True when all of them are through; what it waits for wakes us through the watch. */
export async function runHooks(
  state: ApplyState,
  work: { readonly hooks: readonly Hook[]; readonly side: HookSide },
): Promise<boolean> {
  const { hooks, side } = work;
  const { event, over, failed } = state.hooks!;
  if (over) return true;
  if (failed !== undefined) {
    state.troubles.push({ code: hookFailed, message: failed, canPass: false });
    return false;
  }
  for (const step of hookSteps(hooks, { side, event })) {
    if (!(await runStep(state, step, side))) return false;
  }
  return side === "pre" || (await endRun(state, hooks));
}

async function runStep(state: ApplyState, step: readonly Hook[], side: HookSide): Promise<boolean> {
  const turns = await turnsOf(state, step, side);
  if (turns === undefined) return false;
  const pending = turns.filter(({ key }) => state.hooks!.turns[key] !== "done");
  if (pending.length === 0) return true;
  const fresh = pending.filter((turn) => !wasMade(state, turn));
  if (fresh.length > 0 && !(await makeAll(state, fresh))) return false;
  const { view, signal } = state.input;
  const refs = pending.map(({ desired }) => desired.ref);
  const { found } = await view.observe(refs, signal);
  for (const turn of pending) await look(state, turn, found.get(turn.desired.id));
  if (state.hooks!.failed !== undefined) return false;
  const late = pending.find(({ key }) => state.hooks!.turns[key] !== "done");
  if (late === undefined) return true;
  const message = `${side}-${state.hooks!.event} hook ${titleOfId(late.desired.id)} has not ended yet`;
  state.waitsFor = { reason: "WaitingForHook", message };
  return false;
}

/** `undefined` when one of them cannot be made, which is told. */
async function turnsOf(
  state: ApplyState,
  step: readonly Hook[],
  side: HookSide,
): Promise<readonly Turn[] | undefined> {
  const turns: Turn[] = [];
  let isWhole = true;
  for (const hook of step) {
    const { objects, unresolved } = await resolveHook(state, hook);
    for (const { title, message, canPass } of unresolved) {
      const text = `${title}: ${message}`;
      state.troubles.push({ code: "UNSUPPORTED_RESOURCE", message: text, canPass });
      isWhole = false;
    }
    for (const desired of objects) turns.push({ hook, desired, key: `${side} ${desired.id}` });
  }
  return isWhole ? turns : undefined;
}

/** Without the namespaces that are made for it: they stand already. */
async function resolveHook({ input }: ApplyState, { item }: Hook): Promise<Desired> {
  const { create_namespaces: _made, ...delivery } = input.delivery;
  return await resolve({ ...input, delivery }, [item]);
}

function itemOf(state: ApplyState, { desired }: Turn): InventoryItem | undefined {
  return state.hooks!.objects.find((item) => objectId(item) === desired.id);
}

function wasMade(state: ApplyState, turn: Turn): boolean {
  return state.hooks!.turns[turn.key] === "begun" && (itemOf(state, turn)?.uid ?? "gone") !== "";
}

/** Writes down what is about to be made, and makes it. False when something is in the way, which is told or waited for. */
async function makeAll(state: ApplyState, turns: readonly Turn[]): Promise<boolean> {
  const { inventory, input } = state;
  const ready: Turn[] = [];
  for (const turn of turns) if (await clearWay(state, turn)) ready.push(turn);
  if (ready.length < turns.length) return false;
  for (const turn of ready) {
    setTurn(state, turn, "begun");
    setItem(state, turn, { ...intended(turn.desired), created: true });
  }
  await input.intend({ objects: [...inventory.values()], hooks: state.hooks });
  for (const turn of ready) if (!(await makeOne(state, turn))) return false;
  return true;
}

/** Takes away what the hook made the last time, where Helm would. False when that, or somebody else's object, is in the way. */
async function clearWay(state: ApplyState, { hook, desired, key }: Turn): Promise<boolean> {
  const { input, rules, troubles } = state;
  const { view, signal, owner, isLiving } = input;
  try {
    const existing = await view.kube.get(desired.ref, signal);
    if (existing === undefined) return true;
    const leaving = existing.metadata.deletionTimestamp !== undefined;
    const rule = { owner: owner.uid, isLiving, mayAdopt: rules.mayAdopt(undefined) };
    const known = state.hooks!.objects.find((item) => objectId(item) === desired.id);
    const verdict = leaving ? "take" : judge(existing, desired, known, rule);
    if (typeof verdict === "object") {
      troubles.push(verdict);
      return false;
    }
    // What was written down and made in the same event is this one, not that of the last time.
    const isThisOne = state.hooks!.turns[key] === "begun" && !leaving;
    if (verdict === "join" || isThisOne) return true;
    if (!leaving && !hook.policies.includes("before-hook-creation")) return true;
    const uid = existing.metadata.uid ?? "";
    if (!leaving) await view.kube.delete(desired.ref, { propagation: "Background", uid }, signal);
    if ((await view.kube.get(desired.ref, signal)) === undefined) return true;
    const message = `${titleOfId(desired.id)} of the last time is on its way out`;
    troubles.push({ code: "KUBERNETES_ERROR", message, canPass: true });
    return false;
  } catch (error) {
    if (signal.aborted) throw error;
    troubles.push(view.trouble(error, titleOfId(desired.id)));
    return false;
  }
}

async function makeOne(state: ApplyState, turn: Turn): Promise<boolean> {
  const { view, signal } = state.input;
  const { desired } = turn;
  try {
    const { object } = await view.kube.apply(desired.ref, desired.object, { force: true }, signal);
    const { uid, fieldsDigest } = view.note(desired.ref.served, object);
    const item = { ...intended(desired), uid, digest: desired.digest, fields_digest: fieldsDigest };
    setItem(state, turn, { ...item, created: true });
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    state.troubles.push(view.trouble(error, titleOfId(desired.id)));
    return false;
  }
}

/** What has become of a hook. */
async function look(state: ApplyState, turn: Turn, seen: Observed | undefined): Promise<void> {
  if (state.hooks!.turns[turn.key] === "done") return;
  const { event } = state.hooks!;
  const outcome = outcomeOf(turn.desired, seen, event);
  if (outcome === "late") return;
  if (outcome === "done") {
    setTurn(state, turn, "done");
    return;
  }
  const [side = ""] = turn.key.split(" ");
  const what = `${side}-${event} hook ${titleOfId(turn.desired.id)}`;
  const why = seen === undefined ? "it was removed before its end was seen" : seen.health.message;
  const failed = `${what} has failed: ${why}`;
  state.hooks = { ...state.hooks!, failed };
  state.troubles.push({ code: hookFailed, message: failed, canPass: false });
  if (turn.hook.policies.includes("hook-failed")) {
    await removeHookObjects(state, [turn.desired.id]);
  }
}

function outcomeOf(
  desired: DesiredObject,
  seen: Observed | undefined,
  event: HookEvent,
): "done" | "late" | "failed" {
  const { group, kind } = desired.ref.served;
  const runs = (group === "batch" && kind === "Job") || (group === "" && kind === "Pod");
  if (!runs) {
    const isGate = desired.phase === "namespaces" || desired.phase === "definitions";
    return !isGate || isReadyFor(seen) ? "done" : "late";
  }
  // One that was made and has gone has removed itself; that of a migration does not.
  if (seen === undefined) return event === "migrate" ? "failed" : "done";
  if (seen.health.status === "completed") return "done";
  return seen.health.status === "degraded" && isOver(seen) ? "failed" : "late";
}

/** A Pod that cannot be started may still come to run; a Job says itself when it gives up. */
function isOver({ id, health: { pods } }: Observed): boolean {
  return id.startsWith("batch|Job|") || (pods?.failed ?? 0) > 0;
}

/** All hooks of the event are through: what they made goes as they say. */
async function endRun(state: ApplyState, hooks: readonly Hook[]): Promise<boolean> {
  const { event } = state.hooks!;
  const done = (["pre", "post"] as const).flatMap((side) => hookSteps(hooks, { side, event }));
  const going = new Set<string>();
  for (const hook of done.flat()) {
    if (!hook.policies.includes("hook-succeeded")) continue;
    const { objects } = await resolveHook(state, hook);
    for (const { id } of objects) going.add(id);
  }
  if (!(await removeHookObjects(state, [...going]))) return false;
  state.hooks = { ...state.hooks!, over: true, turns: {} };
  return true;
}

async function removeHookObjects(state: ApplyState, ids: readonly string[]): Promise<boolean> {
  const { view, owner, isLiving, othersIn, signal } = state.input;
  const items = state.hooks!.objects.filter((item) => ids.includes(objectId(item)));
  if (items.length === 0) return true;
  const work = { view, items, owner: owner.uid, isLiving, othersIn, signal };
  const { remaining, troubles } = await removeObjects(work);
  const kept = state.hooks!.objects.filter((item) => !ids.includes(objectId(item)));
  state.hooks = { ...state.hooks!, objects: [...kept, ...remaining] };
  state.troubles.push(...troubles);
  return remaining.length === 0;
}

function setTurn(state: ApplyState, { key }: Turn, turn: HookRun["turns"][string]): void {
  state.hooks = { ...state.hooks!, turns: { ...state.hooks!.turns, [key]: turn } };
}

function setItem(state: ApplyState, { desired }: Turn, item: InventoryItem): void {
  const others = state.hooks!.objects.filter((one) => objectId(one) !== desired.id);
  state.hooks = { ...state.hooks!, objects: [...others, item] };
}
