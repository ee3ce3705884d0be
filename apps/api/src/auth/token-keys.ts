import { HeldKeys, type KeyParts } from "@octoplane/process/key-file";
import type { Random } from "@octoplane/shared/random";
import { TokenSigner } from "./signed-token.ts";

export interface TokenKeys extends AsyncDisposable {
  readonly signer: TokenSigner;
  readonly keys: HeldKeys;
}

/**
 * A signer that keeps up with its key files: the first key of the first of them signs, all of them verify. `make` makes a
 * file that is not there. Keys in `OCTOPLANE_TOKEN_KEY` take the place of the files.
 */
export async function openTokenKeys(
  files: readonly string[],
  parts: KeyParts & { readonly random: Random },
  make?: (path: string) => Promise<void>,
): Promise<TokenKeys> {
  const keys = await HeldKeys.open({ variable: tokenKeyVariable, files }, parts, make);
  const signer = new TokenSigner(keys.ring, parts.clock, parts.random);
  keys.follow((ring) => signer.replaceKeys(ring));
  return { signer, keys, [Symbol.asyncDispose]: () => keys[Symbol.asyncDispose]() };
}

export const tokenKeyVariable = "OCTOPLANE_TOKEN_KEY";
