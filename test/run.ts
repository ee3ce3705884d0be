/**
 * Runs the tests as the README and CI do.
 *
 *     node test/run.ts               what takes under two minutes, over a real etcd too if there is one (npm test)
 *     node test/run.ts long          the suites that start whole processes or wait long, and the API over etcd
 *     node test/run.ts etcd          the suites over a real etcd, which must be there
 *     node test/run.ts kubernetes    builds a real control plane if need be, and runs the suites on it
 *     node test/run.ts interop       installs Krake's command line, Keycloak and Keystone if need be, and runs them
 *     node test/run.ts explore [seed] the property tests with a new seed, a thousand tries each
 *     node test/run.ts all           everything, with nothing left out (CI)
 *
 * Says in one line each what was left out and how to get it, and ends with `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { buildChartTools, chartTools } from "./chart-tools/build.ts";
import { findEtcd } from "./conformance/etcd-server.ts";
import { buildControlPlane, controlPlaneBinaries } from "./control-plane/build.ts";
import { installSoftware } from "./interop/install.ts";
import { softwareNames } from "./interop/software.ts";

interface Selection {
  readonly projects: readonly string[];
  /** Part of the path of the files to run; all of the projects when empty. */
  readonly files: readonly string[];
  /** Those of the projects that are left out. */
  readonly without?: readonly string[];
  /** What must be there. */
  readonly required: readonly string[];
}

/** What goes through the whole life of applications: some minutes of its own. */
const lengthy = [
  "odd-cases/",
  "bad-metrics.test.ts",
  "copies.test.ts",
  "health.test.ts",
  "hook-certificates.test.ts",
  "hooks.test.ts",
  "krake-scheduling.test.ts",
  "migrate-hooks.test.ts",
  "moves-and-losses.test.ts",
  "observer-schema.test.ts",
  "oidc-login.test.ts",
  "rok-actions.test.ts",
  "rok-clusters.test.ts",
  "rok-reading.test.ts",
  "rok-streams.test.ts",
  "rok-top.test.ts",
  "runs.test.ts",
  "streams.test.ts",
  "tosca.test.ts",
].map((name) => `test/e2e/${name}`);

const selections: Readonly<Record<string, Selection>> = {
  default: {
    projects: ["unit", "conformance", "e2e"],
    files: [],
    without: lengthy,
    required: [],
  },
  long: { projects: ["long", "e2e"], files: ["test/long/", ...lengthy], required: [] },
  etcd: {
    projects: ["conformance", "e2e", "long"],
    files: ["etcd", "resources", "api", "simulated", "distributed"],
    required: ["etcd"],
  },
  kubernetes: { projects: ["kubernetes"], files: [], required: ["etcd", "kubernetes"] },
  interop: { projects: ["interop"], files: [], required: softwareNames },
  explore: { projects: ["unit"], files: [], required: [] },
  all: {
    projects: ["unit", "conformance", "e2e", "long", "kubernetes", "interop"],
    files: [],
    required: ["etcd", "kubernetes", "charts", "prometheus", ...softwareNames],
  },
};

const name = process.argv[2] ?? "default";
/** Only an exploration tries what no run before it has tried. */
const explored = name === "explore" ? exploration(process.argv[3]) : undefined;
const selection = selections[name];
if (!selection) {
  process.stderr.write(`expected one of ${Object.keys(selections).join(", ")}, found ${name}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await run(selection);
}

async function run({ projects, files, without = [], required }: Selection): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  if (required.includes("kubernetes") && controlPlaneBinaries() === undefined) {
    await buildControlPlane(say);
  }
  if (required.includes("charts") && chartTools() === undefined) await buildChartTools(say);
  await installSoftware(
    softwareNames.filter((software) => required.includes(software)),
    say,
  );
  tellWhatIsLeftOut(projects);
  const folder = mkdtempSync(join(tmpdir(), "octoplane-results-"));
  const results = join(folder, "results.json");
  try {
    const status = await start(
      process.execPath,
      [
        join(import.meta.dirname, "../node_modules/vitest/vitest.mjs"),
        "run",
        ...projects.flatMap((project) => ["--project", project]),
        // Suites wait for servers more than they work.
        `--maxWorkers=${availableParallelism() + 2}`,
        "--reporter=dot",
        "--reporter=json",
        `--outputFile.json=${results}`,
        ...without.map((path) => `--exclude=${path.endsWith("/") ? `${path}**` : path}`),
        ...(explored === undefined ? [] : ["--testTimeout=300000"]),
        ...files,
      ],
      required,
    );
    return tellResult(results, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function exploration(seed = String(randomInt(2 ** 31))): { readonly [name: string]: string } {
  process.stdout.write(`the seed of this exploration: ${seed}\n`);
  return { OCTOPLANE_PROPERTY_SEED: seed };
}

function tellWhatIsLeftOut(projects: readonly string[]): void {
  if (projects.includes("conformance") && findEtcd() === undefined) {
    process.stdout.write(
      "left out: the suites over a real etcd (install etcd-server, or set OCTOPLANE_ETCD)\n",
    );
  }
  if (projects.includes("long") && chartTools() === undefined) {
    process.stdout.write(
      "left out: charts and kustomizations by the real tools (node test/chart-tools/build.ts; needs Go 1.26)\n",
    );
  }
  if (name !== "default") return;
  // Each takes minutes, installed or not.
  process.stdout.write(
    "left out: the suites that start whole processes, those of running applications, and the API over etcd (npm run test:long)\n" +
      "left out: the suites on a real Kubernetes (npm run test:kubernetes; needs Go 1.26 to build it once)\n" +
      "left out: the suites with Krake's command line, Keycloak and Keystone (npm run test:interop; needs Python 3.11, Java 17 and Maven)\n",
  );
}

function start(
  command: string,
  args: readonly string[],
  required: readonly string[],
): Promise<number> {
  const env = { ...process.env, OCTOPLANE_REQUIRE: required.join(","), ...explored };
  const child = spawn(command, args, { stdio: "inherit", env });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** The closing line, and the status: failed when a test failed, or when nothing ran at all. */
function tellResult(results: string, status: number): number {
  let counts: { readonly numPassedTests: number; readonly numFailedTests: number };
  try {
    counts = JSON.parse(readFileSync(results, "utf8")) as typeof counts;
  } catch {
    process.stdout.write("the test runner left no results\n0 passed, 1 failed\n");
    return 1;
  }
  const { numPassedTests: passed, numFailedTests: failed } = counts;
  // A file that cannot even be loaded fails without a failed test.
  const broken = status !== 0 && failed === 0 ? 1 : 0;
  process.stdout.write(`${passed} passed, ${failed + broken} failed\n`);
  return status !== 0 || passed === 0 ? 1 : 0;
}
