import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Software of others that Octoplane is held against: what of it is installed, and where. */

export const softwareNames = ["krakectl", "keycloak", "keystone"] as const;
export type SoftwareName = (typeof softwareNames)[number];

/** Keycloak's distribution in Maven Central, as one zip file. */
export const keycloakRelease = {
  version: "26.4.0",
  artifact: "org.keycloak:keycloak-quarkus-dist:26.4.0:zip",
  sha256: "1b6a11a2726ac8a8dc9c91d5fafe989a75ce4f1622d7f7b45c21d5bc16629c0a",
} as const;

/** The file with the exact versions and checksums of a program in Python and all that it imports. */
export function requirementsFile(name: string): string {
  return join(import.meta.dirname, `${name}.requirements.txt`);
}

/** Where a program is or will be: another folder for every other set of versions. */
export function softwareFolder(name: SoftwareName): string {
  const hash = createHash("sha256");
  if (name === "keycloak") hash.update(keycloakRelease.sha256);
  else {
    hash.update(readFileSync(requirementsFile(name)));
    hash.update(readFileSync(requirementsFile("build")));
  }
  const folder = `${name}-${hash.digest("hex").slice(0, 16)}`;
  return join(import.meta.dirname, ".cache", folder);
}

/** Lies in the folder of a program once all of it is there. */
export const completeMark = "complete";

/** The folder of a program that is installed. */
export function findSoftware(name: SoftwareName): string | undefined {
  const folder = softwareFolder(name);
  return existsSync(join(folder, completeMark)) ? folder : undefined;
}

/**
 * Whether the suites over a program run. Without it they are left out, unless `OCTOPLANE_REQUIRE`
 * names it (as CI does): then this throws.
 */
export function hasSoftware(name: SoftwareName): boolean {
  if (findSoftware(name) !== undefined) return true;
  if ((process.env["OCTOPLANE_REQUIRE"] ?? "").split(",").includes(name)) {
    throw new Error(`${name} is not installed, and OCTOPLANE_REQUIRE asks for it`);
  }
  return false;
}
