/**
 * Builds a real Kubernetes control plane (and kwok, which stands in for the kubelets) from the Go
 * modules that `go.mod` beside this file pins. The first build takes some minutes and needs the Go
 * module proxy; the result stays in `.bin/<hash of go.sum>` and needs neither Go nor the network
 * afterwards.
 *
 * Run it as `node test/control-plane/build.ts`.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const version = { full: "v1.36.3", major: "1", minor: "36" };

/** Packages to build and the names that their binaries get. */
const programs = [
  { name: "etcd", source: "go.etcd.io/etcd/server/v3" },
  { name: "kube-apiserver", source: "k8s.io/kubernetes/cmd/kube-apiserver" },
  { name: "kube-controller-manager", source: "k8s.io/kubernetes/cmd/kube-controller-manager" },
  { name: "kube-scheduler", source: "k8s.io/kubernetes/cmd/kube-scheduler" },
  { name: "kwok", source: "sigs.k8s.io/kwok/cmd/kwok" },
] as const;

/**
 * kwok's stages: how its nodes, pods and volumes come to life. They lie in its module, not in its
 * binary.
 */
const stages = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
  "pod/fast/pod-delete.yaml",
  "volume/fast/storage-class.yaml",
  "volume/fast/pvc-provision.yaml",
  "volume/fast/pvc-delete.yaml",
  "volume/fast/pv-bind.yaml",
  "volume/fast/pv-delete.yaml",
] as const;

/** Paths of everything that a control plane needs. */
export interface ControlPlaneBinaries {
  /** Where our own builds are. */
  readonly dir: string;
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
  /** kwok's stage files, in the order in which they are handed over. */
  readonly stages: readonly string[];
}

const here = import.meta.dirname;

function buildFolder(): string {
  const hash = createHash("sha256")
    .update(readFileSync(join(here, "go.sum")))
    .digest("hex");
  return join(here, ".bin", hash.slice(0, 16));
}

function stageFile(dir: string, stage: string): string {
  return join(dir, "stages", stage.replaceAll("/", "-"));
}

/**
 * The binaries that are there, those in KUBEBUILDER_ASSETS before our own; undefined when one is
 * missing in both places.
 */
export function controlPlaneBinaries(): ControlPlaneBinaries | undefined {
  const dir = buildFolder();
  const assets = process.env["KUBEBUILDER_ASSETS"] ?? "";
  const places = assets === "" ? [dir] : [assets, dir];
  const find = (name: string): string | undefined =>
    places.map((place) => join(place, name)).find((path) => existsSync(path));
  const etcd = find("etcd");
  const apiServer = find("kube-apiserver");
  const controllerManager = find("kube-controller-manager");
  const scheduler = find("kube-scheduler");
  const kwok = find("kwok");
  const stageFiles = stages.map((stage) => stageFile(dir, stage));
  if (!etcd || !apiServer || !controllerManager || !scheduler || !kwok) return undefined;
  if (!stageFiles.every((path) => existsSync(path))) return undefined;
  return { dir, etcd, apiServer, controllerManager, scheduler, kwok, stages: stageFiles };
}

/** Builds what is not built yet; returns the paths. `say` gets a line for every step. */
export async function buildControlPlane(
  say: (line: string) => void,
): Promise<ControlPlaneBinaries> {
  const dir = buildFolder();
  // A build that was interrupted must not look like a finished one, so it happens elsewhere and is
  // moved.
  const unfinished = `${dir}.${process.pid}`;
  if (!programs.every(({ name }) => existsSync(join(dir, name)))) {
    mkdirSync(join(unfinished, "stages"), { recursive: true });
    try {
      await buildAll(unfinished, say);
      rmSync(dir, { recursive: true, force: true });
      renameSync(unfinished, dir);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const built = controlPlaneBinaries();
  if (built === undefined) throw new Error(`the build in ${dir} is incomplete`);
  say(`control plane is in ${dir}`);
  return built;
}

async function buildAll(dir: string, say: (line: string) => void): Promise<void> {
  say("downloading modules");
  await go(["mod", "download"]);
  const kwok = (await go(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"])).trim();
  for (const stage of stages) {
    copyFileSync(join(kwok, "kustomize", "stage", stage), stageFile(dir, stage));
  }
  const variable = "k8s.io/component-base/version.git";
  const settings = [
    `-X ${variable}Version=${version.full}`,
    `-X ${variable}Major=${version.major}`,
    `-X ${variable}Minor=${version.minor}`,
  ];
  for (const { name, source } of programs) {
    say(`building ${name}`);
    const flags = `-s -w ${settings.join(" ")}`;
    await go(["build", "-trimpath", "-ldflags", flags, "-o", join(dir, name), source]);
  }
}

/** Runs Go in a folder with a `go.mod`; its answer, or an error with what it said. */
export function go(args: readonly string[], folder = here): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.once("error", (cause) =>
      reject(new Error("go cannot be run; is it installed?", { cause })),
    );
    child.once("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else {
        const said = Buffer.concat(errors).toString().slice(-4_000);
        reject(new Error(`go ${args[0]} ended with ${code}: ${said}`));
      }
    });
  });
}

if (import.meta.main) {
  await buildControlPlane((line) => process.stderr.write(`${line}\n`));
}
