import { readFile } from "node:fs/promises";

/** The version of this command line, from its package. */
export async function rokVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
