import type { FieldProblem } from "@octoplane/shared/errors";
import { textOf } from "@octoplane/shared/text-of";
import { factsOf } from "./manifest-facts.ts";
import { identify, type ManifestObject } from "./manifest.ts";

/** Jobs of a manifest that run only while their application moves from one cluster to another. All pure. */

const migrationAnnotation = "octoplane.io/hook";

/** `pre`: on the cluster that it comes from. `post`: behind those, on the one that it comes to. */
export type MigrationSide = "pre" | "post";

/** When of a migration an object runs; `undefined` for everything else. */
export function migrationSideOf(item: ManifestObject): MigrationSide | undefined {
  const wish = wishOf(item);
  if (wish === undefined || !isJob(item)) return undefined;
  return wish === "pre-migrate" ? "pre" : wish === "post-migrate" ? "post" : undefined;
}

/** A word that means nothing would leave a Job to run at once, which is just what was not wanted. */
export function checkMigrationHooks(manifest: readonly ManifestObject[]): readonly FieldProblem[] {
  return manifest.flatMap((item, index) => {
    const wish = wishOf(item);
    if (wish === undefined || migrationSideOf(item) !== undefined) return [];
    const identity = identify(item);
    if ("problem" in identity) return [];
    const field = `spec.manifest[${index}].metadata.annotations`;
    const name = `${identity.kind} ${identity.name}`;
    const message = isJob(item)
      ? `expected pre-migrate or post-migrate as ${migrationAnnotation} of ${name}, found ${textOf(wish)}`
      : `expected ${migrationAnnotation} on Jobs only, found it on ${name}`;
    return [{ field, message }];
  });
}

function wishOf(item: ManifestObject): unknown {
  return factsOf(factsOf(item["metadata"])["annotations"])[migrationAnnotation];
}

function isJob({ apiVersion, kind }: ManifestObject): boolean {
  return kind === "Job" && typeof apiVersion === "string" && apiVersion.startsWith("batch/");
}
