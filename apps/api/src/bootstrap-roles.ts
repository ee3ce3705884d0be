import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { kindNamed, kinds } from "@octoplane/kinds/registry";
import { readInput } from "@octoplane/kinds/read-input";
import { RoleKind } from "@octoplane/kinds/role";
import type { Resources } from "@octoplane/resources/resources";
import { failure, isFailure } from "@octoplane/shared/errors";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import type { Log } from "@octoplane/shared/log";

/** The roles that come with Octoplane: Krake's, by their names. */
const defaultRoles = fileURLToPath(new URL("../../../bootstrap/roles.yaml", import.meta.url));

/** Fills a store that has no roles yet; one in which somebody has changed or removed roles is left as it is. */
export async function bootstrapRoles(
  resources: Resources,
  files: readonly string[],
  log: Log,
): Promise<void> {
  const { items } = await resources.of(RoleKind).list({ limit: 1 });
  if (items.length > 0) return;
  for (const file of [defaultRoles, ...files]) {
    const { documents } = readDocuments(await readFile(file, "utf8"), file);
    for (const document of documents) await createOne(resources, file, document);
  }
  log.info("the store was empty: default roles and bindings were created");
}

async function createOne(resources: Resources, file: string, document: unknown): Promise<void> {
  const { api, kind: name } = document as { readonly api?: string; readonly kind?: string };
  const kind = kindNamed(api ?? "", name ?? "");
  if (!kind) {
    const known = kinds.map((candidate) => candidate.kind).join(", ");
    throw failure("Invalid", `${file}: ${api}/${name} is no kind (expected one of ${known})`);
  }
  const input = readInput(kind, document);
  try {
    await resources.of(kind).create(input, input.metadata.namespace ?? undefined);
  } catch (error) {
    // Two servers may start on one empty store.
    if (!isFailure(error, "AlreadyExists")) throw error;
  }
}
