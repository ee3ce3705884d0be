import { failure } from "@octoplane/shared/errors";
import type { Io } from "../io.ts";
import { isAddress, tellableAddress } from "./fetched-text.ts";
import type { Source } from "./file-sources.ts";
import { runTool } from "./run-tool.ts";

/**
 * What kustomize makes of a folder: the tool of that name, whose version its user chose, or else the
 * one inside kubectl. What it may read outside the folder is its own to refuse.
 */
export async function renderKustomization(
  folder: string,
  io: Io,
  note: (text: string) => void,
): Promise<Source> {
  const ways = [
    ["kustomize", "build"],
    ["kubectl", "kustomize"],
  ] as const;
  for (const [tool, verb] of ways) {
    const told = `${tool} ${verb} ${isAddress(folder) ? tellableAddress(folder) : folder}`;
    const run = await runTool(tool, [verb, "--", folder], told, io);
    if (run === undefined) continue;
    if (run.words !== "") note(`${tool}: ${run.words}`);
    return { name: told, text: run.text };
  }
  throw failure(
    "Internal",
    `--kustomize ${folder}: neither kustomize nor kubectl is on the PATH; install one of them`,
  );
}
