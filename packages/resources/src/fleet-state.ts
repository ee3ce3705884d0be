import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Plain } from "@octoplane/shared/plain-data";
import { patched, type Patch } from "@octoplane/shared/plain-patch";

/** Everything that placement saw of a fleet at one moment, by the names of its items. */
export type FleetState = ReadonlyMap<string, Plain>;

/** One entry of a journal: of a checkpoint the patches make every item anew. */
export interface FleetChange {
  readonly changed: readonly (readonly [name: string, patch: Patch])[];
  readonly gone: readonly string[];
}

/** The state after an entry. Pure. */
export function folded(
  before: FleetState,
  { changed, gone }: FleetChange,
  isCheckpoint: boolean,
): FleetState {
  const state = new Map(isCheckpoint ? [] : before);
  for (const name of gone) state.delete(name);
  for (const [name, patch] of changed) state.set(name, patched(state.get(name) ?? null, patch));
  return state;
}

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** An entry as the values of its records: one, or several when it is large. `TooLarge` for an item that fits into none. */
export async function encodeChange(change: FleetChange): Promise<readonly Uint8Array[]> {
  const parts: string[][] = [[]];
  let chars = 0;
  for (const one of [...change.gone.map((name) => [name]), ...change.changed]) {
    const text = JSON.stringify(one);
    if (chars > 0 && chars + text.length > limits.fleetRecordCharsMax) {
      parts.push([]);
      chars = 0;
      await nextTurn();
    }
    parts.at(-1)!.push(text);
    chars += text.length + 1;
  }
  // Speed over size: the difference is a tenth, and one core serves everything.
  const values = parts.map((lines) => deflate(`[${lines.join(",")}]`, { level: 3 }));
  const encoded = await Promise.all(values);
  const most = Math.max(...encoded.map(({ length }) => length));
  if (most > limits.commitBytesMax - commitRoomBytes) {
    throw failure("TooLarge", `one cluster has ${most} bytes of facts, too many for the journal`);
  }
  return encoded;
}

/** For the key, and for what a store adds. */
const commitRoomBytes = 4_096;

/** The way back, from the values of all records of an entry in their order. `Internal` for bytes that are none. */
export async function decodeChange(values: readonly Uint8Array[]): Promise<FleetChange> {
  const changed: (readonly [string, Patch])[] = [];
  const gone: string[] = [];
  for (const value of values) {
    for (const [name, patch] of await readPart(value)) {
      if (patch === undefined) gone.push(name);
      else changed.push([name, patch]);
    }
  }
  return { changed, gone };
}

async function readPart(value: Uint8Array): Promise<readonly (readonly [string, Patch?])[]> {
  try {
    const text = (await inflate(value)).toString("utf8");
    return JSON.parse(text) as readonly (readonly [string, Patch?])[];
  } catch (error) {
    throw failure("Internal", "a record of the fleet journal cannot be read", { cause: error });
  }
}
