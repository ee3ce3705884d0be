import type { Decision } from "@octoplane/kinds/decision";
import { limits } from "@octoplane/shared/limits";
import type { Store, Write } from "@octoplane/store/store";
import { decisionKey, decisionPrefix } from "./keys.ts";

/**
 * The last decisions about one application: a ring of records, so that the log is bounded without anyone sweeping it.
 * They belong to the uid and go with the application. A record that would be too large is written without the inputs of the
 * decision: it says what it says, and cannot be replayed.
 */
export function decisionWrite(uid: string, decision: Decision): Write {
  const key = decisionKey(uid, slotOf(decision.sequence));
  const text = JSON.stringify(decision);
  const isTooLarge = text.length > limits.decisionCharsMax;
  const kept = isTooLarge ? JSON.stringify(withoutInputs(decision)) : text;
  return { key, value: Buffer.from(kept) };
}

function slotOf(sequence: number): number {
  return (sequence - 1) % limits.decisionsMax;
}

/** Newest first, without the inputs, which are for a replay. */
export async function readDecisions(store: Store, uid: string): Promise<readonly Decision[]> {
  const { entries } = await store.list(decisionPrefix(uid));
  const decisions = entries.flatMap(({ value }) => parseDecision(value) ?? []);
  return decisions.map(withoutInputs).toSorted((a, b) => b.sequence - a.sequence);
}

/** One decision with its inputs; `undefined` when it is not kept (any more). */
export async function readDecision(
  store: Store,
  uid: string,
  sequence: number,
): Promise<Decision | undefined> {
  const entry = await store.get(decisionKey(uid, slotOf(sequence)));
  const decision = entry && parseDecision(entry.value);
  return decision?.sequence === sequence ? decision : undefined;
}

export function withoutInputs(decision: Decision): Decision {
  if (!decision.basis) return decision;
  const { inputs: _inputs, ...basis } = decision.basis;
  return { ...decision, basis };
}

/** A record that cannot be read is left out: the others still tell what they know. */
function parseDecision(value: Uint8Array): Decision | undefined {
  try {
    return JSON.parse(Buffer.from(value).toString("utf8")) as Decision;
  } catch {
    return undefined;
  }
}
