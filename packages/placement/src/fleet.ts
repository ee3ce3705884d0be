import { fromPlain, toPlain, type Plain } from "@octoplane/shared/plain-data";
import type { Candidate } from "./candidate.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The fleet of a namespace as the scheduler writes it down, item by item, and the way back: each cluster as a candidate, and the
 * scheduler's own settings, which the API does not know otherwise.
 */

/** What is the same in every snapshot of a scheduler. */
export type FleetSettings = Pick<Snapshot, "stickiness" | "rescheduleAfterMs">;

/** What is the same for all applications of a namespace, beside its clusters. */
export type SharedFacts = Pick<Snapshot, "calm" | "newCluster">;

export interface Fleet {
  /** In order of their names, as a snapshot has them. */
  readonly candidates: readonly Candidate[];
  readonly settings: FleetSettings;
  /** As it was when the fleet was written down. */
  readonly shared: SharedFacts;
}

const settingsName = "settings";
const sharedName = "shared";
const clusterPrefix = "cluster/";

export function* fleetItems(
  candidates: readonly Candidate[],
  settings: FleetSettings,
  shared: SharedFacts = {},
): Generator<readonly [name: string, item: object]> {
  yield [settingsName, settings];
  yield [sharedName, shared];
  for (const candidate of candidates) yield [`${clusterPrefix}${candidate.name}`, candidate];
}

export function encodeItem(item: object): Plain {
  return toPlain(item);
}

/** What was decoded, by its plain form: most of a fleet is the same a moment later. */
export type Decoded = WeakMap<object, object>;

/** One item; for those who decode a large fleet piece by piece, before they ask for the whole. */
export function decodeItem(plain: Plain, known: Decoded): object {
  const found = typeof plain === "object" && plain !== null ? known.get(plain) : undefined;
  if (found) return found;
  const item = fromPlain(plain) as object;
  if (typeof plain === "object" && plain !== null) known.set(plain, item);
  return item;
}

export function decodeFleet(
  items: ReadonlyMap<string, Plain>,
  known: Decoded = new WeakMap(),
): Fleet {
  const candidates: Candidate[] = [];
  for (const [name, plain] of items) {
    // Only what `fleetItems` gave stands there.
    if (name.startsWith(clusterPrefix)) candidates.push(decodeItem(plain, known) as Candidate);
  }
  candidates.sort((a, b) => (a.name < b.name ? -1 : 1));
  const [settings, shared] = [items.get(settingsName), items.get(sharedName)];
  return {
    candidates,
    settings: (settings === undefined ? {} : decodeItem(settings, known)) as FleetSettings,
    shared: (shared === undefined ? {} : decodeItem(shared, known)) as SharedFacts,
  };
}
