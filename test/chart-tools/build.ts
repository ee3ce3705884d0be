/**
 * Builds helm (3 and 4) and kustomize from the Go modules that `go.mod` beside this file pins, for the suite
 * that renders charts and kustomizations with them. The first build takes some minutes and needs Go and the
 * Go module proxy; the result stays in `.bin/<hash of go.sum>` and needs neither afterwards.
 *
 * Run it as `node test/chart-tools/build.ts`.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { go } from "../control-plane/build.ts";

const here = import.meta.dirname;

const programs = [
  { name: "helm", source: "helm.sh/helm/v4/cmd/helm" },
  { name: "helm3/helm", source: "helm.sh/helm/v3/cmd/helm" },
  { name: "kustomize", source: "sigs.k8s.io/kustomize/kustomize/v5" },
] as const;

function buildFolder(): string {
  const hash = createHash("sha256")
    .update(readFileSync(join(here, "go.sum")))
    .digest("hex");
  return join(here, ".bin", hash.slice(0, 16));
}

/** The folder with helm 4 and kustomize, for a PATH, and in it `helm3` with that helm; `undefined` when they are not built. */
export function chartTools(): string | undefined {
  const folder = buildFolder();
  return programs.every(({ name }) => existsSync(join(folder, name))) ? folder : undefined;
}

/** Builds what is not built yet; gives the folder. `say` gets a line for every step. */
export async function buildChartTools(say: (line: string) => void): Promise<string> {
  const folder = buildFolder();
  if (chartTools() !== undefined) return folder;
  // A build that was interrupted must not look like a finished one: it is moved when it is whole.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const { name, source } of programs) {
      say(`building ${name}`);
      const out = join(unfinished, name);
      await go(["build", "-trimpath", "-ldflags", "-s -w", "-o", out, source], here);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

if (import.meta.main) {
  await buildChartTools((line) => process.stderr.write(`${line}\n`));
}
