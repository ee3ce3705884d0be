import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { fileProblem } from "../input/file-problem.ts";

/** By which a file of ours is known. */
const firstLine = "# Written by rok kube proxy.";

/**
 * Writes a kubeconfig without credentials that leads to a port here, and gives its path. `AlreadyExists` when there is a file that is
 * somebody else's.
 */
export async function writeProxyConfig(
  file: string,
  cwd: string,
  { name, place }: { readonly name: string; readonly place: string },
): Promise<string> {
  const path = resolve(cwd, file);
  const before = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
    throw failure("Invalid", `${path} cannot be read: ${fileProblem(error)}`);
  });
  if (before !== undefined && !before.startsWith(firstLine)) {
    throw failure("AlreadyExists", `${path} exists already, and is not rok's own`);
  }
  const { stringify } = await import("yaml");
  const text = stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: place } }],
    users: [],
    contexts: [{ name, context: { cluster: name, user: "" } }],
    "current-context": name,
  });
  try {
    await writeFile(path, `${firstLine}\n${text}`, { mode: 0o600 });
  } catch (error) {
    throw failure("Invalid", `${path} cannot be written: ${fileProblem(error)}`);
  }
  return path;
}
