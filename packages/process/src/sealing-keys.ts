import { Sealer } from "@octoplane/resources/sealer";
import type { Random } from "@octoplane/shared/random";
import { HeldKeys, type KeyParts } from "./key-file.ts";

export interface SealingKeys extends AsyncDisposable {
  readonly sealer: Sealer;
  readonly keys: HeldKeys;
}

/**
 * A sealer that keeps up with its key file: the first key seals, all of them open. `make` makes the file when it is not
 * there. Keys in `OCTOPLANE_SEALING_KEY` take the place of the file.
 */
export async function openSealingKeys(
  file: string,
  parts: KeyParts & { readonly random: Random },
  make?: (path: string) => Promise<void>,
): Promise<SealingKeys> {
  const source = { variable: sealingKeyVariable, files: [file] };
  const keys = await HeldKeys.open(source, parts, make);
  const sealer = new Sealer(keys.ring, parts.random);
  keys.follow((ring) => sealer.replaceKeys(ring));
  return { sealer, keys, [Symbol.asyncDispose]: () => keys[Symbol.asyncDispose]() };
}

export const sealingKeyVariable = "OCTOPLANE_SEALING_KEY";
