import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { fileProblem } from "../input/file-problem.ts";
import { readSecret } from "../input/secret-flag.ts";
import type { Session } from "../session.ts";
import type { ProviderFlags } from "./change-provider.ts";

/** The flags with what stands in files; a password that is missing is asked for. `Invalid` for a file that is none. */
export async function completeProviderFlags(
  flags: ProviderFlags,
  { io }: Session,
  isNew: boolean,
): Promise<ProviderFlags> {
  const { passwordFile, bearerTokenFile, caFile, ...rest } = flags;
  const common = { variables: [] };
  const password = await readSecret(
    {
      ...common,
      noun: "password",
      value: flags.password,
      file: passwordFile,
      ask: isNew && flags.username !== undefined,
    },
    io,
  );
  const bearerToken = await readSecret(
    {
      ...common,
      noun: "bearer-token",
      value: flags.bearerToken,
      file: bearerTokenFile,
      ask: false,
    },
    io,
  );
  return {
    ...rest,
    ...(password === undefined ? {} : { password }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(caFile === undefined ? {} : { caFile: await authorityText(caFile, io.cwd) }),
  };
}

/** The certificates go along in the body: the server opens no file that a user names. */
async function authorityText(path: string, cwd: string): Promise<string> {
  if (path === "") return "";
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (error) {
    throw failure("Invalid", `--ca-file: ${path} cannot be read: ${fileProblem(error)}`);
  }
}
