import { readKeyFile } from "@octoplane/process/key-file";
import { runProcess } from "@octoplane/process/run-process";
import { version } from "@octoplane/process/version";
import { TokenSigner } from "./auth/signed-token.ts";
import { ApiProcessSchema, type ApiProcessConfig } from "./config.ts";
import { start } from "./start.ts";

await runProcess<ApiProcessConfig>({
  name: "api",
  schema: ApiProcessSchema,
  async start(config, parts) {
    const { clock, random } = parts.resources.parts;
    const signer = new TokenSigner(await readKeyFile(config.token_key_file), clock, random);
    return await start(config, { ...parts, signer, version });
  },
});
