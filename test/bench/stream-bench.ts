import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { Rest } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import type { Report } from "./figure.ts";
import { openLargeFileCluster, type LargeFileCluster } from "./large-file-cluster.ts";
import { watchResident, type Course } from "./resident.ts";
import { startServer, type BenchServer } from "./server.ts";

const mib = 2 ** 20;
const pods = 50;
/**
 * What is resident may grow by this, whatever flows: above all V8's young generation, and buffers that it has not collected yet. It
 * is the same for one Pod as for 50.
 */
const growthGoal = "200 MB";

/** How much goes through. */
export interface StreamSizes {
  readonly logBytes: number;
  readonly fileBytes: number;
}

const usualSizes: StreamSizes = { logBytes: 1_024 * mib, fileBytes: 1_024 * mib };

/**
 * What the server and `rok` have resident while much flows through them: the followed logs of 50 Pods, read and not read, and a
 * file of 1 GiB from and to a container. Memory is flat when it is the same after a quarter as after all of it.
 */
export async function benchStreams(report: Report, sizes = usualSizes): Promise<void> {
  await using sim = await startSim({ clock: systemClock, random: systemRandom });
  {
    const edge = sim.addCluster({ name: "logs", readyDelayMs: 10 });
    await using server = await openField(edge.kubeconfig, edge);
    await benchLogs(report, { server, edge, bytes: sizes.logBytes });
    await benchUnread(report, { server, edge, bytes: sizes.logBytes });
  }
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < 2 * sizes.fileBytes) {
    process.stdout.write(`left out: copies (need ${(2 * sizes.fileBytes) / mib} MB on the disk)\n`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "octoplane-copy-"));
  try {
    const file = join(folder, "file");
    for (const direction of ["down", "up"] as const) {
      const edge = sim.addCluster({ name: direction, readyDelayMs: 10 });
      await using files = await openLargeFileCluster(edge, sizes.fileBytes);
      await using server = await openField(files.kubeconfig, edge);
      await benchCopy(report, { server, files, file, direction, bytes: sizes.fileBytes });
      if (direction === "down")
        await benchStopped(report, { server, files, file: `${file}.again` });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A server of its own with an application of 50 Pods. */
async function openField(kubeconfig: object, edge: SimCluster): Promise<BenchServer> {
  const server = await startServer("apps/standalone/src/main.ts", [
    "--listen",
    "127.0.0.1:0",
    "--log-level",
    "error",
  ]);
  const rest = new Rest(
    () => server.address,
    () => server.token,
  );
  const path = "/kubernetes/namespaces/bench";
  await rest.ok("POST", `${path}/clusters`, { metadata: { name: "edge" }, spec: { kubeconfig } });
  const spec = { manifest: [deployment], constraints: { cluster: { labels: [] } } };
  await rest.ok("POST", `${path}/applications`, { metadata: { name: "shop" }, spec });
  await waitFor("the application runs", async () => {
    const { status } = await rest.ok("GET", `${path}/applications/shop?view=summary`);
    return status.state === "RUNNING" && podNames(edge).length === pods;
  });
  return server;
}

const labels = { app: "shop" };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: pods,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "main", image: "registry.example/web:1" }] },
    },
  },
};

/** Those that run. */
function podNames(edge: SimCluster): readonly string[] {
  return edge
    .objects()
    .filter(({ kind, status }) => kind === "Pod" && JSON.stringify(status).includes("startedAt"))
    .map(({ metadata }) => metadata.name);
}

interface Flow {
  readonly server: BenchServer;
  readonly edge: SimCluster;
  readonly bytes: number;
}

/** 50 Pods write as fast as they can, and `rok` hands on what comes. */
async function benchLogs(report: Report, { server, edge, bytes }: Flow): Promise<void> {
  const following = followLogs(server);
  const share = (): number => following.seen / bytes;
  const writing = writeLogs(edge);
  const began = performance.now();
  const all = waitFor(`${bytes} bytes of logs`, () => share() >= 1, { deadlineMs: 300_000 });
  const [ours, theirs] = await Promise.all([
    watchResident(server.pid, share, all),
    watchResident(following.rok.pid!, share, all),
  ]);
  const perSecond = bytes / mib / ((performance.now() - began) / 1_000);
  await writing.end();
  await leave(following.rok);
  report({ name: "streams.logs.50.throughput", value: perSecond, unit: "MB/s" });
  reportCourse(report, { name: "streams.logs.50.server", course: ours, bytes });
  reportCourse(report, { name: "streams.logs.50.rok", course: theirs, bytes });
}

/** The same while nobody reads what `rok` writes: all of it has to wait where it comes from. */
async function benchUnread(report: Report, { server, edge, bytes }: Flow): Promise<void> {
  const following = followLogs(server);
  const writing = writeLogs(edge);
  await waitFor("the first of the logs", () => following.seen > 0);
  following.rok.stdout!.pause();
  const from = writing.written();
  const share = (): number => (writing.written() - from) / bytes;
  const all = waitFor(`${bytes} bytes written`, () => share() >= 1, { deadlineMs: 300_000 });
  const course = await watchResident(server.pid, share, all);
  await writing.end();
  await leave(following.rok);
  reportCourse(report, { name: "streams.logs.50.unread.server", course, bytes });
}

function followLogs({ dataDir }: BenchServer): { readonly rok: ChildProcess; seen: number } {
  const rok = startRok(dataDir, ["logs", "shop", "-f", "--tail", "0"]);
  const following = { rok, seen: 0 };
  rok.stdout!.on("data", (chunk: Buffer) => (following.seen += chunk.length));
  return following;
}

interface Writing {
  /** Bytes of all lines so far. */
  written(): number;
  end(): Promise<void>;
}

/** Every container writes a line of 1 kB, one after the other, without rest. */
function writeLogs(edge: SimCluster): Writing {
  const names = podNames(edge);
  const text = "GET /index.html 200 ".repeat(50);
  let written = 0;
  let isOver = false;
  const work = (async () => {
    while (!isOver) {
      for (const pod of names) {
        edge.writeLog({ namespace: "default", pod, container: "main" }, text);
      }
      written += names.length * (text.length + 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    written: () => written,
    end: async () => {
      isOver = true;
      await work;
    },
  };
}

interface CopyField {
  readonly server: BenchServer;
  readonly files: LargeFileCluster;
  /** Where it comes to, and goes from. */
  readonly file: string;
  readonly direction: "down" | "up";
  readonly bytes: number;
}

async function benchCopy(report: Report, field: CopyField): Promise<void> {
  const { server, files, file, direction, bytes } = field;
  const places = direction === "down" ? ["shop:/data/file", file] : [file, "shop:/data/"];
  const { moved } = files;
  const share = (): number => moved[direction === "down" ? "sent" : "taken"] / bytes;
  const began = performance.now();
  const rok = startRok(server.dataDir, ["cp", ...places]);
  const copied = ended(rok);
  const [ours, theirs] = await Promise.all([
    watchResident(server.pid, share, copied),
    watchResident(rok.pid!, share, copied),
  ]);
  const perSecond = bytes / mib / ((performance.now() - began) / 1_000);
  const { size } = await stat(file);
  const isWhole = (await copied) === 0 && size === bytes && share() === 1;
  if (!isWhole) throw new Error(`cp ended with ${await copied}, ${size} of ${bytes} bytes here`);
  const name = `streams.cp.${direction}`;
  report({ name: `${name}.throughput`, value: perSecond, unit: "MB/s" });
  reportCourse(report, { name: `${name}.server`, course: ours, bytes });
  reportCourse(report, { name: `${name}.rok`, course: theirs, bytes });
}

/** How much leaves the container after `rok` was stopped: what is in the buffers on the way. */
async function benchStopped(
  report: Report,
  { server, files, file }: Pick<CopyField, "server" | "files" | "file">,
): Promise<void> {
  const { moved } = files;
  const before = moved.sent;
  const rok = startRok(server.dataDir, ["cp", "shop:/data/file", file]);
  await waitFor("the first of the file", () => moved.sent > before);
  rok.kill("SIGSTOP");
  const from = moved.sent;
  let [last, since] = [from, performance.now()];
  await waitFor("the copy to rest", () => {
    if (moved.sent !== last) [last, since] = [moved.sent, performance.now()];
    return performance.now() - since > restMs;
  });
  await leave(rok);
  const value = (moved.sent - from) / mib;
  report({ name: "streams.cp.down.unread.under_way", value, unit: "MB", goal: "64 MB" });
}

const restMs = 1_000;

function startRok(dataDir: string, words: readonly string[]): ChildProcess {
  const main = join(import.meta.dirname, "../../apps/rok/src/main.ts");
  const flags = ["--namespace", "bench", "--data-dir", dataDir];
  return spawn(process.execPath, [main, "kube", "app", ...words, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Its exit status; null after a signal. */
async function ended(rok: ChildProcess): Promise<number | null> {
  return await new Promise((resolve) => rok.once("exit", (code) => resolve(code)));
}

async function leave(rok: ChildProcess): Promise<void> {
  const gone = ended(rok);
  rok.kill("SIGKILL");
  await gone;
}

function reportCourse(
  report: Report,
  given: { readonly name: string; readonly course: Course; readonly bytes: number },
): void {
  const { name, course, bytes } = given;
  report({
    name: `${name}.peak`,
    value: course.whole,
    unit: "MB",
    baseline: { name: `after ${bytes / 4 / mib} of ${bytes / mib} MB`, value: course.quarter },
    goal: "1.2 x",
  });
  const value = course.whole - course.before;
  report({ name: `${name}.growth`, value, unit: "MB", goal: growthGoal });
}
