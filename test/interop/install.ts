/**
 * Installs the software of others that the interop suites run: Krake's command line and Keystone
 * from the Python package index (in a virtual environment of their own each), Keycloak from Maven
 * Central. Every file is held against a checksum that the repository has. All of it stays in
 * `.cache` beside this file.
 *
 * Run it as `node test/interop/install.ts [krakectl] [keycloak] [keystone]`. It needs Python 3.11
 * (`OCTOPLANE_PYTHON` names another than `python3.11`), Maven, and Java 17 or newer for Keycloak to
 * run. pip and Maven have settings of their own for where they fetch from.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  completeMark,
  findSoftware,
  keycloakRelease,
  requirementsFile,
  softwareFolder,
  softwareNames,
  type SoftwareName,
} from "./software.ts";

const copyGoal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

type Say = (line: string) => void;

/** Installs what is not there yet; `say` gets a line for every step. */
export async function installSoftware(names: readonly SoftwareName[], say: Say): Promise<void> {
  for (const name of names) {
    if (findSoftware(name) !== undefined) continue;
    const folder = softwareFolder(name);
    // What an installation that was interrupted has left.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    say(`installing ${name}`);
    await (name === "keycloak" ? installKeycloak(folder) : installPython(name, folder));
    writeFileSync(join(folder, completeMark), "");
  }
}

/**
 * What has to be built is built with a `setuptools` that is pinned as well: they have dropped old
 * ways of building before.
 */
async function installPython(name: string, folder: string): Promise<void> {
  await run(python(), ["-m", "venv", folder]);
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const strict = ["--require-hashes", "--no-deps", "--no-build-isolation"];
  for (const file of ["build", name].map(requirementsFile)) {
    await run(join(folder, "bin/python"), [...install, ...strict, "-r", file]);
  }
}

async function installKeycloak(folder: string): Promise<void> {
  // Nothing here needs it, but what is installed without it does not run.
  await run("java", ["-version"]);
  const downloads = join(folder, "download");
  const copy = [
    copyGoal,
    `-Dartifact=${keycloakRelease.artifact}`,
    `-DoutputDirectory=${downloads}`,
  ];
  // A repository of its own: what Maven keeps of it goes again.
  await run("mvn", ["-q", "-B", `-Dmaven.repo.local=${join(downloads, "repository")}`, ...copy]);
  const zip = join(downloads, `keycloak-quarkus-dist-${keycloakRelease.version}.zip`);
  const sum = createHash("sha256").update(readFileSync(zip)).digest("hex");
  if (sum !== keycloakRelease.sha256) throw new Error(`${zip} has another checksum: ${sum}`);
  // Python's, as there need be no `unzip`; the permissions that it forgets are not needed.
  await run(python(), ["-m", "zipfile", "-e", zip, folder]);
  renameSync(join(folder, `keycloak-${keycloakRelease.version}`), join(folder, "keycloak"));
  rmSync(downloads, { recursive: true });
}

function python(): string {
  return process.env["OCTOPLANE_PYTHON"] || "python3.11";
}

/** Runs a command to its end; an error with what it said when that is a bad one. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", (cause) =>
      reject(new Error(`${command} cannot be run; is it installed?`, { cause })),
    );
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(`${command} ${args.join(" ")} ended with ${code}: ${output.slice(-4_000)}`),
        );
    });
  });
}

if (import.meta.main) {
  const named = process.argv.slice(2);
  const names = softwareNames.filter((name) => named.length === 0 || named.includes(name));
  await installSoftware(names, (line) => process.stderr.write(`${line}\n`));
}
