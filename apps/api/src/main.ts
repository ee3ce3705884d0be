import { runProcess } from "@octoplane/process/run-process";
import { version } from "@octoplane/process/version";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { weakAccess } from "@octoplane/shared/weak-settings";
import { openTokenKeys } from "./auth/token-keys.ts";
import { ApiProcessSchema, type ApiProcessConfig } from "./config.ts";
import { start } from "./start.ts";

await runProcess<ApiProcessConfig>({
  name: "api",
  schema: ApiProcessSchema,
  krakeFile: "api.yaml",
  weaknesses: weakAccess,
  async start(config, parts) {
    const { clock, random } = parts.resources.parts;
    const files = config.token_keys.length > 0 ? config.token_keys : [config.token_key_file];
    const keyParts = { clock, random, log: parts.log, reloadMs: parts.keyReloadMs };
    const { signer, keys } = await openTokenKeys(files, keyParts);
    const lookAtKeys = async (): Promise<void> => {
      await Promise.all([parts.lookAtKeys(), keys.look()]);
    };
    try {
      const running = await start(config, { ...parts, signer, version, lookAtKeys });
      return { ...running, [Symbol.asyncDispose]: () => disposeAll([keys, running]) };
    } catch (error) {
      await keys[Symbol.asyncDispose]();
      throw error;
    }
  },
});
