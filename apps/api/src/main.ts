import { Type } from "typebox";
import { readKeyFile } from "@octoplane/process/key-file";
import { runProcess } from "@octoplane/process/run-process";
import { version } from "@octoplane/process/version";
import { TokenSigner } from "./auth/signed-token.ts";
import { ApiConfigSchema, type ApiConfig } from "./config.ts";
import { start } from "./start.ts";

const schema = Type.Object({
  ...ApiConfigSchema.properties,
  token_key_file: Type.String({
    default: "token.key",
    description: "32 bytes in base64 that sign tokens; the same for every API server",
  }),
});

await runProcess<ApiConfig & { readonly token_key_file: string }>({
  name: "api",
  schema,
  async start(config, parts) {
    const { clock, random } = parts.resources.parts;
    const signer = new TokenSigner(await readKeyFile(config.token_key_file), clock, random);
    return await start(config, { ...parts, signer, version });
  },
});
