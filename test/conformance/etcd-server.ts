import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  accessSync,
  constants,
  globSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { freePorts } from "../free-port.ts";

/** Real etcd for tests: on free ports of 127.0.0.1, in a folder of its own. */

interface EtcdOptions {
  /** A folder that outlives the server; a temporary one that is removed at the end when absent. */
  readonly dir?: string;
  /** Members of the cluster; 1 when absent. */
  readonly members?: number;
  /**
   * False where neither durability nor speed is looked at: no fsync, if this etcd can do without.
   */
  readonly fsync?: boolean;
  /** More arguments for every member. */
  readonly args?: readonly string[];
  /** How clients speak to it; `http` when absent. */
  readonly scheme?: "http" | "https";
}

export interface EtcdServer extends AsyncDisposable {
  /** For `openStore`. */
  readonly url: string;
  /** `host:port` of each member. */
  readonly hosts: readonly string[];
  /** Kills members at once (SIGKILL), all of them or one; resolves when they are gone. */
  kill(member?: number): Promise<void>;
  /** Starts those that were killed again, with their data. */
  restart(): Promise<void>;
}

const install =
  "set OCTOPLANE_ETCD to one of 3.4 or newer, or install it (Debian: apt-get install etcd-server)";

/** The etcd to test with: `OCTOPLANE_ETCD`, then what was fetched for the tests, then the PATH. */
export function findEtcd(): string | undefined {
  const named = process.env["OCTOPLANE_ETCD"];
  const fetched = globSync(resolve(import.meta.dirname, "../control-plane/.bin/**/etcd"));
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "etcd"));
  const candidates = named ? [named] : [...fetched, ...onPath];
  return candidates.find(isExecutable);
}

/**
 * Whether the suites that need etcd run. Without an etcd they are left out with one line that says
 * so, unless `OCTOPLANE_REQUIRE` names etcd (as CI does): then this throws.
 */
export function hasEtcd(): boolean {
  if (findEtcd()) return true;
  const required = (process.env["OCTOPLANE_REQUIRE"] ?? "").split(",").includes("etcd");
  if (required) throw new Error(`no etcd was found, and OCTOPLANE_REQUIRE asks for it: ${install}`);
  process.stderr.write(`The suites over etcd are left out, as no etcd was found: ${install}.\n`);
  return false;
}

export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  const cluster = new EtcdCluster(options, await freePorts((options.members ?? 1) * 2));
  try {
    await cluster.restart();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

class EtcdCluster implements EtcdServer {
  readonly hosts: readonly string[];
  readonly #options: EtcdOptions;
  readonly #peers: readonly string[];
  readonly #directory: string;
  readonly #running = new Map<number, ChildProcess>();
  readonly #binary: string;

  constructor(options: EtcdOptions, ports: readonly number[]) {
    const binary = findEtcd();
    if (!binary) throw new Error(install);
    this.#binary = binary;
    this.#options = options;
    this.#directory = options.dir ?? mkdtempSync(join(tmpdir(), "octoplane-etcd-"));
    const half = ports.length / 2;
    this.hosts = ports.slice(0, half).map((port) => `127.0.0.1:${port}`);
    this.#peers = ports.slice(half).map((port) => `http://127.0.0.1:${port}`);
  }

  get url(): string {
    return `etcd://${this.hosts.join(",")}`;
  }

  async kill(member?: number): Promise<void> {
    const chosen = [...this.#running].filter(([id]) => member === undefined || id === member);
    await Promise.all(
      chosen.map(async ([id, child]) => {
        this.#running.delete(id);
        const gone = new Promise((done) => child.once("exit", done));
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill("SIGKILL");
        await gone;
      }),
    );
  }

  async restart(): Promise<void> {
    const missing = this.hosts.map((_, member) => member).filter((id) => !this.#running.has(id));
    for (const member of missing) this.#start(member);
    await Promise.all(missing.map((member) => this.#ready(member)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#options.dir === undefined) rmSync(this.#directory, { recursive: true, force: true });
  }

  #start(member: number): void {
    const client = `${this.#options.scheme ?? "http"}://${this.hosts[member]}`;
    const peer = this.#peers[member]!;
    const flags: Readonly<Record<string, string>> = {
      "--name": `m${member}`,
      "--data-dir": join(this.#directory, `m${member}`),
      "--listen-client-urls": client,
      "--advertise-client-urls": client,
      "--listen-peer-urls": peer,
      "--initial-advertise-peer-urls": peer,
      "--initial-cluster": this.#peers.map((url, id) => `m${id}=${url}`).join(","),
      // Half of the usual times: elections are waited for, and the shortest lease follows from
      // them.
      "--heartbeat-interval": "50",
      "--election-timeout": "500",
    };
    const args = [
      ...Object.entries(flags).flat(),
      ...progressArguments(this.#binary),
      ...(this.#options.fsync === false ? noSyncArguments(this.#binary) : []),
      ...(this.#options.args ?? []),
    ];
    const output = openSync(this.#logFile(member), "a");
    const child = spawn(this.#binary, args, { stdio: ["ignore", output, output] });
    this.#running.set(member, child);
  }

  /** Waits until the member serves clients, which its log says in every version. */
  async #ready(member: number): Promise<void> {
    const host = this.hosts[member]!;
    const deadline = performance.now() + 20_000;
    while (!(await isServing(host, this.#options.scheme))) {
      const child = this.#running.get(member);
      if (performance.now() > deadline || !child || child.exitCode !== null) {
        throw new Error(`etcd did not start: ${readFileSync(this.#logFile(member), "utf8")}`);
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  #logFile(member: number): string {
    return join(this.#directory, `m${member}.log`);
  }
}

/** etcd answers /health when it has a leader; over TLS an open port has to do. */
async function isServing(host: string, scheme: "http" | "https" = "http"): Promise<boolean> {
  if (scheme === "https") return isListening(host);
  try {
    const answer = await fetch(`http://${host}/health`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function isListening(host: string): Promise<boolean> {
  const { connect } = await import("node:net");
  const [name, port] = host.split(":");
  return new Promise((done) => {
    const socket = connect(Number(port), name, () => {
      socket.destroy();
      done(true);
    });
    socket.on("error", () => done(false));
  });
}

/** Marks of progress within a second: by default every ten minutes, too long for a test. */
function progressArguments(binary: string): readonly string[] {
  const names = [
    "--watch-progress-notify-interval",
    "--experimental-watch-progress-notify-interval",
  ];
  const name = names.find((candidate) => helpOf(binary).includes(`${candidate} `));
  return name ? [name, "500ms"] : [];
}

/** 3.4 cannot do without fsync. */
function noSyncArguments(binary: string): readonly string[] {
  return helpOf(binary).includes("--unsafe-no-fsync") ? ["--unsafe-no-fsync"] : [];
}

let help: { readonly binary: string; readonly text: string } | undefined;

function helpOf(binary: string): string {
  if (help?.binary !== binary) {
    const text = execFileSync(binary, ["--help"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    help = { binary, text };
  }
  return help.text;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
