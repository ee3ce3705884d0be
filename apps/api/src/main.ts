import { readKeyFile } from "@octoplane/process/key-file";
import { runProcess } from "@octoplane/process/run-process";
import { version } from "@octoplane/process/version";
import { TokenSigner } from "./auth/signed-token.ts";
import { readTokenKeys } from "./auth/token-keys.ts";
import { ApiProcessSchema, type ApiProcessConfig } from "./config.ts";
import { start } from "./start.ts";

await runProcess<ApiProcessConfig>({
  name: "api",
  schema: ApiProcessSchema,
  async start(config, parts) {
    const { clock, random } = parts.resources.parts;
    const { token_keys: files, token_key_file: single } = config;
    const keys = await readTokenKeys(files, () => readKeyFile(single));
    const signer = new TokenSigner(keys, clock, random);
    return await start(config, { ...parts, signer, version });
  },
});
