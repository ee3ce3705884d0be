import { stat } from "node:fs/promises";
import { valueAt } from "@octoplane/shared/krake-settings/translate-settings";
import type { SecretFile } from "@octoplane/shared/weak-settings";

/** Settings that name a file with a secret; key files are looked at where they are read. */
const names = [
  "store_auth.key",
  "store_auth.password_file",
  "tls.key",
  "hooks.complete.intermediate_key_src",
  "hooks.shutdown.intermediate_key_src",
] as const;

/** The files with secrets that settings name, as far as they are there. */
export async function lookAtSecretFiles(settings: unknown): Promise<readonly SecretFile[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const path = valueAt(settings, name);
      if (typeof path !== "string") return [];
      return await stat(path).then(
        ({ mode }) => [{ path, mode }],
        () => [],
      );
    }),
  );
  return found.flat();
}
