import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import { runUntilSignal } from "@octoplane/shared/lifecycle";
import { parseListen } from "@octoplane/shared/listen";
import { systemRandom } from "@octoplane/shared/random";
import { startSim, type Sim } from "./start-sim.ts";

/** `npm run sim`: simulated clusters for people who have none at hand, with a kubeconfig file for each. */
const usage = `npm run sim -- [flags]
  --clusters a,b     their names (default berlin,oslo)
  --dir DIR          where to write a kubeconfig for each (default ./sim)
  --listen HOST:PORT (default 127.0.0.1:0, a free port)
  --ready-delay MS   until a Pod is ready (default 500)
  --metrics          serve what Pods and nodes use, as metrics-server does
  --no-token         let anybody in: kubectl sends no token over plain HTTP
`;

async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clusters: { type: "string", default: "berlin,oslo" },
      dir: { type: "string", default: "./sim" },
      listen: { type: "string", default: "127.0.0.1:0" },
      "ready-delay": { type: "string", default: "500" },
      metrics: { type: "boolean", default: false },
      "no-token": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const listen = parseListen(values.listen);
  if (!listen) throw failure("Invalid", `--listen: expected address:port, found ${values.listen}`);
  const readyDelayMs = Number(values["ready-delay"]);
  if (!Number.isInteger(readyDelayMs) || readyDelayMs < 0) {
    throw failure(
      "Invalid",
      `--ready-delay: expected milliseconds, found ${values["ready-delay"]}`,
    );
  }
  const names = values.clusters.split(",").map((name) => name.trim());
  await runUntilSignal(async () => {
    const sim = await startSim({
      clusters: names.map((name) => ({ name, readyDelayMs, metrics: values.metrics })),
      ...listen,
      clock: systemClock,
      random: systemRandom,
      authentication: !values["no-token"],
    });
    await writeKubeconfigs(sim, values.dir);
    process.stdout.write("Ctrl-C ends them.\n");
    return sim;
  });
}

async function writeKubeconfigs(sim: Sim, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of sim.clusterNames()) {
    const cluster = sim.cluster(name);
    const path = join(dir, `${name}.yaml`);
    await writeFile(path, cluster.kubeconfigYaml, { mode: 0o600 });
    process.stdout.write(`${name}: ${cluster.server}, kubeconfig ${path}\n`);
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`sim: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
