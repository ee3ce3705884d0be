import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { openConstellation, type Constellation } from "../../constellation.ts";
import type { Json } from "../../rest.ts";
import { findSoftware } from "../software.ts";

/** What one run of Krake's command line came to. */
export interface KrakeRun {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Krake's own command line, as it is published, against Octoplane with two simulated clusters. It
 * shows who it is by a certificate, the one way that it has.
 */
export class KrakeClient implements AsyncDisposable {
  readonly sim: Sim;
  readonly #octoplane: Constellation;
  readonly #folder: string;
  /** `group kind verb` of all that was run, by their full names. */
  readonly used = new Set<string>();

  private constructor(sim: Sim, octoplane: Constellation, folder: string) {
    this.sim = sim;
    this.#octoplane = octoplane;
    this.#folder = folder;
  }

  static async start(): Promise<KrakeClient> {
    const folder = mkdtempSync(join(tmpdir(), "octoplane-krakectl-"));
    const put = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const now = systemClock.now();
    const ca = { name: "authority", ...issueCertificate({ name: "authority", now }) };
    const pair = (name: string) => {
      const { certificate, key } = issueCertificate({ name, issuer: ca, now });
      return {
        cert: put(`${name}.crt`, certificate),
        key: put(`${name}.key`, key),
      };
    };
    const client_ca = put("ca.crt", ca.certificate);
    const sim = await startSim({
      clusters: [{ name: "berlin" }, { name: "oslo" }],
      clock: systemClock,
      random: systemRandom,
    });
    for (const name of ["berlin", "oslo"]) {
      put(`${name}.kubeconfig`, JSON.stringify(sim.cluster(name).kubeconfig));
    }
    const tls = { enabled: true, ...pair("octoplane"), client_ca };
    const octoplane = await openConstellation({ settings: { api: { tls } } });
    for (const user of ["system:admin", "kay"]) {
      const { cert: client_cert, key: client_key } = pair(user);
      const settings = {
        api_url: octoplane.address,
        user,
        tls: { enabled: true, client_ca, client_cert, client_key },
      };
      put(`${user}.yaml`, JSON.stringify(settings));
    }
    return new KrakeClient(sim, octoplane, folder);
  }

  get address(): string {
    return this.#octoplane.address;
  }

  /** Writes a file where the commands run; its path. */
  put(name: string, content: unknown): string {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(this.#folder, name), text);
    return join(this.#folder, name);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Runs a command as `system:admin`. */
  async rok(...args: readonly string[]): Promise<KrakeRun> {
    return await this.rokAs("system:admin", ...args);
  }

  /** Runs a command with the settings of `<user>.yaml`. */
  async rokAs(user: string, ...args: readonly string[]): Promise<KrakeRun> {
    this.used.add(args.slice(0, 3).join(" "));
    const config = join(this.#folder, "config", user);
    mkdirSync(config, { recursive: true });
    copyFileSync(join(this.#folder, `${user}.yaml`), join(config, "rok.yaml"));
    return await runPython(["-m", "rok", ...args], { folder: this.#folder, config });
  }

  /** What a command printed as JSON; an error when it did not end well. */
  async json(...args: readonly string[]): Promise<Json> {
    const { status, out, err } = await this.rok(...args, "-o", "json");
    if (status !== 0) throw new Error(`rok ${args.join(" ")}: ${status} ${out}${err}`);
    return JSON.parse(out);
  }

  /** Every `group kind verb` that the command line has. */
  async commands(): Promise<readonly string[]> {
    const script = join(import.meta.dirname, "commands.py");
    const { out } = await runPython([script], { folder: this.#folder, config: this.#folder });
    return out.trim().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#octoplane[Symbol.asyncDispose]();
    await this.sim[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function runPython(
  args: readonly string[],
  place: { readonly folder: string; readonly config: string },
): Promise<KrakeRun> {
  const child = spawn(join(findSoftware("krakectl")!, "bin/python"), args, {
    cwd: place.folder,
    stdio: ["ignore", "pipe", "pipe"],
    // Not our own environment: an authority named there comes before the one in the settings.
    env: { PATH: process.env["PATH"] ?? "", HOME: place.folder, XDG_CONFIG_HOME: place.config },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, out, err };
}
