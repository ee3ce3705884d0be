import { failure } from "@octoplane/shared/errors";
import { readManifestFiles } from "../input/manifest-files.ts";
import type { Session } from "../session.ts";

/** The TOSCA template of a file (`-`: the standard input). `Invalid` when the file holds anything else. */
export async function readTosca(
  path: string,
  session: Session,
): Promise<Readonly<Record<string, unknown>>> {
  const { documents } = await readManifestFiles([path], session.io, (text) => session.note(text));
  const [template, ...others] = documents;
  if (template && others.length === 0 && "tosca_definitions_version" in template) return template;
  throw failure("Invalid", `${path}: expected one TOSCA template (with tosca_definitions_version)`);
}
