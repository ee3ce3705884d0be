import type { InventoryItem } from "@octoplane/kinds/application";
import type { DesiredObject } from "@octoplane/delivery/desired";
import { ownerOf } from "@octoplane/delivery/mark";
import { objectId, titleOfId } from "@octoplane/delivery/object-id";
import type { KubeObject } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { Semaphore } from "@octoplane/shared/semaphore";
import { intended, type ApplyState } from "./apply-state.ts";
import { observe } from "./observed.ts";
import { judge } from "./ownership.ts";
import type { Apply, PhaseStep } from "./plan.ts";

/** Looks at what may be somebody else's, and writes down what will be ours. */
export async function lookFirst(state: ApplyState, steps: readonly PhaseStep[]): Promise<void> {
  const { view, signal, intend } = state.input;
  const parallel = new Semaphore(limits.applyParallelMax);
  const unknown = steps
    .flatMap(({ apply }) => apply)
    .filter(({ cause }) => cause === "new" || cause === "missing");
  await Promise.all(
    unknown.map((apply) =>
      parallel.run(async () => {
        try {
          const existing = await view.kube.get(apply.desired.ref, signal);
          take(state, apply, existing);
        } catch (error) {
          if (signal.aborted) throw error;
          const { id } = apply.desired;
          state.blocked.set(id, view.trouble(error, titleOfId(id)));
        }
      }),
    ),
  );
  if (!unknown.some(({ cause }) => cause === "new")) return;
  await intend({ objects: [...state.inventory.values()], hooks: state.hooks });
}

function take(
  state: ApplyState,
  { desired, cause }: Apply,
  existing: KubeObject | undefined,
): void {
  const { input, inventory, blocked, rules } = state;
  const before = inventory.get(desired.id);
  const verdict =
    existing &&
    judge(existing, desired, before, {
      owner: input.owner.uid,
      isLiving: input.isLiving,
      mayAdopt: rules.mayAdopt(before),
    });
  if (verdict === "join") {
    inventory.set(desired.id, joined(desired, existing!));
    state.observed.set(desired.id, observe(existing!));
    return;
  }
  if (typeof verdict === "object") {
    blocked.set(desired.id, verdict);
    // A namespace is of use all the same, to what lies in it.
    if (desired.phase === "namespaces") state.observed.set(desired.id, observe(existing!));
    return;
  }
  if (cause !== "new") return;
  const isOurs = existing !== undefined && ownerOf(existing) === input.owner.uid;
  const made = before ?? state.hooks?.objects.find((item) => objectId(item) === desired.id);
  const created = existing === undefined || (isOurs && made?.created === true);
  inventory.set(desired.id, { ...intended(desired), created });
}

function joined(desired: DesiredObject, existing: KubeObject): InventoryItem {
  const uid = existing.metadata.uid ?? "";
  return { ...intended(desired), uid, digest: desired.digest, created: false, joined: true };
}
