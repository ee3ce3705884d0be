import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { readAs } from "@octoplane/kinds/read-input";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { StandaloneConfigSchema, type StandaloneConfig } from "@octoplane/standalone/config";
import { start, type Standalone } from "@octoplane/standalone/start";
import { runRok, type RokRun, type RokWorld } from "./rok-run.ts";

/** What one run of `rok` differs in from one with nothing but the folder. */
export type RokOptions = Omit<RokWorld, "folder">;

/**
 * The whole system with simulated clusters, and somebody at the command line in a folder of his own, in which `rok` finds the
 * server and the token by itself.
 */
export class RokField implements AsyncDisposable {
  readonly folder: string;
  readonly server: Standalone;
  readonly sim: Sim;

  constructor(parts: { readonly folder: string; readonly server: Standalone; readonly sim: Sim }) {
    this.folder = parts.folder;
    this.server = parts.server;
    this.sim = parts.sim;
  }

  /** `rok`, whatever comes of it. */
  async rok(line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> {
    return await runRok(line, { ...options, folder: this.folder });
  }

  /** `rok`, which has to succeed. */
  async good(line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> {
    const result = await this.rok(line, options);
    expect(result, result.err).toMatchObject({ status: exitStatus.ok });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.sim[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** With a kubeconfig of each cluster in the folder, beside the files that are named. */
export async function openRokField(
  clusters: readonly string[],
  {
    files = {},
    settings = {},
  }: {
    readonly files?: Readonly<Record<string, string>>;
    readonly settings?: object | ((folder: string) => object);
  } = {},
): Promise<RokField> {
  const folder = await mkdtemp(join(tmpdir(), "rok-field-"));
  const wanted = typeof settings === "function" ? (settings(folder) as object) : settings;
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const config = { ...wanted, data_dir: join(folder, "data"), listen: "127.0.0.1:0" };
  const server = await start(readAs<StandaloneConfig>(StandaloneConfigSchema, config), silentLog);
  const sim = await startSim({
    clock: systemClock,
    random: systemRandom,
    clusters: clusters.map((name) => ({ name })),
  });
  const field = new RokField({ folder, server, sim });
  for (const name of sim.clusterNames()) {
    await writeFile(join(folder, `${name}.yaml`), sim.cluster(name).kubeconfigYaml);
  }
  return field;
}
