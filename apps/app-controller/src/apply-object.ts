import type { InventoryItem } from "@octoplane/kinds/application";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import { immutableFields, mayReplace } from "@octoplane/delivery/replacement";
import { KubeError, type ApplyResult, type KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { intended, type ApplyState } from "./apply-state.ts";
import { observe } from "./observed.ts";
import { applyObserved, releaseObserved } from "./observer/apply-observed.ts";
import type { Apply } from "./plan.ts";
import {
  immutableTrouble,
  isOfWebhook,
  missingNamespace,
  namespaceTrouble,
  portTrouble,
  takenPorts,
} from "./refusal.ts";
import { beginReplicas, keepReplicas } from "./replicas-of-others.ts";
import type { Trouble } from "./trouble.ts";

/** Applies one object, and says what keeps it from standing as it should. */
export async function applyObject(
  state: ApplyState,
  { desired, cause }: Apply,
): Promise<Trouble | undefined> {
  const { view, signal } = state.input;
  const { id, ref } = desired;
  const blocked = state.blocked.get(id);
  if (blocked) return blocked;
  if (state.inventory.get(id)?.joined) return undefined;
  if (ref.namespace !== undefined && state.missingNamespaces.has(ref.namespace)) {
    return namespaceTrouble(desired, ref.namespace);
  }
  const wait = cause === "drifted" ? view.repairs.ask(id) : 0;
  if (wait > 0) {
    state.waits.push(wait);
    state.contested.push(titleOfId(id));
    return undefined;
  }
  try {
    if (cause === "changed") await keepReplicas(view, desired, signal);
    await applyTo(state, desired, cause);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return await afterRefusal(state, desired, error);
  }
}

async function applyTo(
  state: ApplyState,
  desired: DesiredObject,
  cause: Apply["cause"],
): Promise<void> {
  const { input, inventory } = state;
  const { view, signal } = input;
  const item = inventory.get(desired.id);
  if (desired.schema !== undefined) {
    const result = await applyObserved(view, { desired, item, cause, signal });
    taken(state, desired, result);
    if (Object.keys(result.pinned).length > 0) {
      inventory.set(desired.id, { ...inventory.get(desired.id)!, pinned: result.pinned });
    }
    if (result.created) await beginReplicas(view, desired, signal);
    return;
  }
  const result = await view.kube.apply(desired.ref, desired.object, { force: true }, signal);
  const object = await releaseObserved(view, desired, { after: result.object, signal });
  taken(state, desired, { ...result, object });
  if (result.created) await beginReplicas(view, desired, signal);
}

/** Writes down what the cluster made of an object. */
function taken(state: ApplyState, desired: DesiredObject, result: ApplyResult): void {
  const observed = state.input.view.note(desired.ref.served, result.object);
  state.observed.set(desired.id, observed);
  const before = state.inventory.get(desired.id);
  const warnings = toldWarnings(result.warnings);
  state.inventory.set(desired.id, {
    ...intended(desired),
    uid: observed.uid,
    digest: desired.digest,
    fields_digest: observed.fieldsDigest,
    created: before?.created ?? result.created,
    ...(warnings.length === 0 ? {} : { warnings }),
  });
}

function toldWarnings(warnings: readonly string[]): string[] {
  return [...new Set(warnings)]
    .slice(0, limits.objectWarningsMax)
    .map((text) => text.slice(0, limits.objectWarningChars));
}

async function afterRefusal(
  state: ApplyState,
  desired: DesiredObject,
  error: unknown,
): Promise<Trouble | undefined> {
  const { view, delivery } = state.input;
  const fields = immutableFields(error);
  if (fields.length > 0) {
    if (!mayReplace(desired, delivery.replace)) return immutableTrouble(desired, fields);
    return await replaceObject(state, desired);
  }
  const namespace = missingNamespace(error, desired);
  if (namespace !== undefined) {
    forgetNamespace(state, namespace);
    return namespaceTrouble(desired, namespace);
  }
  const ports = takenPorts(error, desired);
  if (ports.length > 0) {
    return portTrouble(desired, ports, await portHolders(state, desired, ports));
  }
  const trouble = view.trouble(error, titleOfId(desired.id));
  return isOfWebhook(error) ? { ...trouble, isOfWebhook: true } : trouble;
}

/** One of somebody else's that has gone: the next look makes it, if that is allowed. */
function forgetNamespace({ inventory, missingNamespaces }: ApplyState, name: string): void {
  missingNamespaces.add(name);
  const id = objectId({ group: "", kind: "Namespace", namespace: undefined, name });
  if (inventory.get(id)?.joined) inventory.delete(id);
}

/**
 * Deletes an object that cannot be changed, and makes it anew as soon as it has gone, which the watch tells if it takes longer.
 * What it has started goes with it, save the Pods of a StatefulSet: the new one takes them over.
 */
async function replaceObject(
  state: ApplyState,
  desired: DesiredObject,
): Promise<Trouble | undefined> {
  const { view, signal } = state.input;
  const { ref, id } = desired;
  const propagation = ref.served.kind === "StatefulSet" ? "Orphan" : "Background";
  try {
    const uid = state.observed.get(id)?.uid ?? (state.inventory.get(id) as InventoryItem).uid;
    await view.kube.delete(ref, { propagation, uid }, signal);
    const after = await view.kube.get(ref, signal);
    if (after === undefined) await applyTo(state, desired, "new");
    else state.observed.set(id, { ...observe(after), isTerminating: true });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return view.trouble(error, titleOfId(id));
  }
}

/** Which Services have the ports, if these credentials may look. */
async function portHolders(
  { input: { view, signal } }: ApplyState,
  desired: DesiredObject,
  ports: readonly number[],
): Promise<readonly string[]> {
  try {
    const { items } = await view.kube.list(desired.ref.served, {}, signal);
    return items
      .filter((item) => nodePorts(item).some((port) => ports.includes(port)))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
      .slice(0, limits.namesToldMax);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return [];
  }
}

function nodePorts(service: KubeObject): readonly number[] {
  const { ports = [] } = (service["spec"] ?? {}) as {
    readonly ports?: readonly { readonly nodePort?: number }[];
  };
  return ports.flatMap(({ nodePort }) => nodePort ?? []);
}
