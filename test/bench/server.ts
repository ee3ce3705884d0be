import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A server in a process of its own, so that the load does not share its event loop. */
export interface BenchServer extends AsyncDisposable {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Memory of its own in MB: what is resident, less the files that it has mapped (the store). */
  memory(): Promise<number>;
}

const root = join(import.meta.dirname, "../..");

/** Starts a program that prints its address as its last line. */
export async function startServer(
  main: string,
  args: readonly string[],
  options: { readonly dataDir?: string } = {},
): Promise<BenchServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "octoplane-bench-")));
  const child = spawn(process.execPath, [join(root, main), ...args, "--data-dir", dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    void ended.then(() => reject(new Error(`${main} ended`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (/^http:\/\/\S+$/.test(line)) resolve(line);
    });
  });
  const token = await readFile(join(dataDir, "admin.token"), "utf8").catch(() => "");
  return {
    address,
    token: token.trim(),
    pid: child.pid!,
    dataDir,
    async memory() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1_024;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
