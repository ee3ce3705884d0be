import type { Decision } from "@octoplane/kinds/decision";
import { limits } from "@octoplane/shared/limits";
import type { Store, Write } from "@octoplane/store/store";
import { decisionKey, decisionPrefix } from "./keys.ts";

/**
 * The last decisions about one application: a ring of records, so that the log is bounded without anyone sweeping it.
 * They belong to the uid and go with the application.
 */
export function decisionWrite(uid: string, decision: Decision): Write {
  const slot = (decision.sequence - 1) % limits.decisionsMax;
  return { key: decisionKey(uid, slot), value: Buffer.from(JSON.stringify(decision)) };
}

/** Newest first. */
export async function readDecisions(store: Store, uid: string): Promise<readonly Decision[]> {
  const { entries } = await store.list(decisionPrefix(uid));
  const decisions = entries.flatMap(({ value }) => parseDecision(value) ?? []);
  return decisions.toSorted((a, b) => b.sequence - a.sequence);
}

/** A record that cannot be read is left out: the others still tell what they know. */
function parseDecision(value: Uint8Array): Decision | undefined {
  try {
    return JSON.parse(Buffer.from(value).toString("utf8")) as Decision;
  } catch {
    return undefined;
  }
}
