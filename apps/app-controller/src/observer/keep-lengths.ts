import { Readable } from "node:stream";
import { wrongLengths, type WrongLength } from "@octoplane/delivery/observed-fields";
import { observedPair, type ObservedPair } from "@octoplane/delivery/observed-object";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { titleOfId } from "@octoplane/delivery/object-id";
import { KubeError, type KubeObject } from "@octoplane/kube/kube";
import { objectPath } from "@octoplane/kube/kube-path";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import type { ApplyState } from "../apply-state.ts";
import { applyObserved, manifestManager } from "./apply-observed.ts";

/**
 * Looks at the objects with a schema as they stand: a list that somebody made longer or shorter than the schema lets it be is put
 * right. Gives what Krake's clients read of them. Objects without a schema are not asked for.
 */
export async function keepLengths(
  state: ApplyState,
  objects: readonly DesiredObject[],
): Promise<readonly ObservedPair[]> {
  const parallel = new Semaphore(limits.applyParallelMax);
  const meant = objects.filter(({ schema, id }) => schema !== undefined && state.observed.has(id));
  return await Promise.all(
    meant.map((desired) =>
      parallel.run(async () => {
        const live = await keepOne(state, desired);
        const { pinned = {} } = state.inventory.get(desired.id) ?? {};
        return observedPair(desired, pinned, live);
      }),
    ),
  );
}

async function keepOne(state: ApplyState, desired: DesiredObject): Promise<KubeObject | undefined> {
  const { view, signal } = state.input;
  const { id, schema, object } = desired;
  try {
    const live = await view.kube.get(desired.ref, signal);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return live;
    const wrong = wrongLengths(schema ?? {}, object, live);
    if (wrong.length === 0) return live;
    const wait = view.repairs.ask(id);
    if (wait > 0) {
      state.waits.push(wait);
      state.contested.push(titleOfId(id));
      return live;
    }
    return await putRight(state, desired, { live, wrong });
  } catch (error) {
    if (signal.aborted) throw error;
    state.troubles.push(view.trouble(error, titleOfId(id)));
    return undefined;
  }
}

async function putRight(
  state: ApplyState,
  desired: DesiredObject,
  found: { readonly live: KubeObject; readonly wrong: readonly WrongLength[] },
): Promise<KubeObject> {
  const { view, signal } = state.input;
  const item = state.inventory.get(desired.id);
  // Those deep inside first: what is taken out further up would move them.
  const extra = found.wrong.toReversed().flatMap((one) => one.extra);
  if (extra.length > 0) await takeOut(state, desired, { live: found.live, extra });
  const isShort = found.wrong.some((one) => one.isShort);
  const cause = isShort ? "changed" : "drifted";
  const result = await applyObserved(view, { desired, item, cause, signal });
  const observed = view.note(desired.ref.served, result.object);
  state.observed.set(desired.id, observed);
  if (item) state.inventory.set(desired.id, { ...item, fields_digest: observed.fieldsDigest });
  return result.object;
}

/** Elements of lists, in the very version of the object that was looked at (RFC 6902). */
async function takeOut(
  { input: { view, signal } }: ApplyState,
  { ref, id }: DesiredObject,
  { live, extra }: { readonly live: KubeObject; readonly extra: readonly string[] },
): Promise<void> {
  const { resourceVersion: value } = live.metadata;
  const patch = [
    { op: "test", path: "/metadata/resourceVersion", value },
    ...extra.map((path) => ({ op: "remove", path })),
  ];
  const answer = await view.kube.proxy(
    {
      method: "PATCH",
      path: objectPath(ref),
      search: `?fieldManager=${manifestManager}`,
      headers: { "content-type": "application/json-patch+json" },
      body: Readable.from([Buffer.from(JSON.stringify(patch))]),
    },
    signal,
  );
  answer.body.resume();
  if (answer.status < 300) return;
  // Somebody was faster, or the cluster refuses it; either way the next look begins anew.
  throw new KubeError(`lists of ${titleOfId(id)} could not be put right`, {
    status: answer.status,
    reason: "WrongLength",
    retry: true,
  });
}
