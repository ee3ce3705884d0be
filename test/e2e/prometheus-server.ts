import { spawn, type ChildProcess } from "node:child_process";
import {
  accessSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../free-port.ts";
import { waitFor } from "../wait-for.ts";

/** A real Prometheus for tests, and a target for it to scrape whose values the test sets. */

const install =
  "set OCTOPLANE_PROMETHEUS to its binary, or install it (Debian: apt-get install prometheus)";

/** `OCTOPLANE_PROMETHEUS`, then the PATH. */
function findPrometheus(): string | undefined {
  const named = process.env["OCTOPLANE_PROMETHEUS"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = named ? [named] : folders.map((folder) => join(folder, "prometheus"));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** False, with one line that says so, when there is no Prometheus; an error when `OCTOPLANE_REQUIRE` names it. */
export function hasPrometheus(): boolean {
  if (findPrometheus()) return true;
  const required = (process.env["OCTOPLANE_REQUIRE"] ?? "").split(",").includes("prometheus");
  if (required)
    throw new Error(`no Prometheus was found, and OCTOPLANE_REQUIRE asks for it: ${install}`);
  process.stderr.write(`The suite with Prometheus is left out, as none was found: ${install}.\n`);
  return false;
}

/** Serves samples in Prometheus' text format: `name{label="value"}` to a number. */
export class ScrapeTarget implements AsyncDisposable {
  readonly samples = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_request, response) => {
      const lines = [...this.samples].map(([series, value]) => `${series} ${value}\n`);
      response.setHeader("content-type", "text/plain; version=0.0.4").end(lines.join(""));
    });
  }

  static async open(): Promise<ScrapeTarget> {
    const target = new ScrapeTarget();
    await new Promise<void>((done) => target.#server.listen(0, "127.0.0.1", done));
    return target;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

export interface PrometheusServer extends AsyncDisposable {
  readonly url: string;
  /** Kills it at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Who may ask, as bcrypt has it of `sample-77`, and the certificate that the server shows. */
interface PrometheusAccess {
  readonly certificate: string;
  readonly key: string;
}

export const prometheusLogin = { username: "octoplane", password: "sample-77" } as const;
const loginHash = "$2b$04$jMcDnA1iE7HzjNDZJqSsi.9VMgt0vYfU2cDY.4kFyk9PswGIcllgO";

/** The web configuration of Prometheus (its documentation, "HTTPS and authentication"). */
function webArgs(folder: string, access: PrometheusAccess | undefined): readonly string[] {
  if (!access) return [];
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const cert_file = file("server.crt", access.certificate);
  const key_file = file("server.key", access.key);
  const web = {
    tls_server_config: { cert_file, key_file },
    basic_auth_users: { [prometheusLogin.username]: loginHash },
  };
  return [`--web.config.file=${file("web.yml", JSON.stringify(web))}`];
}

/** With `access` it speaks TLS only and wants the login of `prometheusLogin`. */
export async function startPrometheus(
  target: ScrapeTarget,
  access?: PrometheusAccess,
): Promise<PrometheusServer> {
  const binary = findPrometheus();
  if (!binary) throw new Error(install);
  const folder = mkdtempSync(join(tmpdir(), "octoplane-prometheus-"));
  const config = join(folder, "prometheus.yml");
  writeFileSync(
    config,
    [
      "global: {scrape_interval: 200ms, scrape_timeout: 200ms}",
      "scrape_configs:",
      `  - {job_name: test, static_configs: [{targets: ["${target.host}"]}]}`,
      "",
    ].join("\n"),
  );
  const host = `127.0.0.1:${await freePort()}`;
  const log = join(folder, "log");
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${host}`,
    ...webArgs(folder, access),
  ];
  const output = openSync(log, "a");
  const child = spawn(binary, args, { stdio: ["ignore", output, output] });
  const kill = async (): Promise<void> => await end(child);
  const server = {
    url: `${access ? "https" : "http"}://${host}`,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await waitFor("Prometheus", async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(log, "utf8"));
      // Behind TLS and a login its log is the one place that says so to everybody.
      if (access)
        return readFileSync(log, "utf8").includes("Server is ready to receive web requests");
      const answer = await fetch(`http://${host}/-/ready`).catch(() => undefined);
      return answer?.ok;
    });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}
