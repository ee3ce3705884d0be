import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openClient } from "@octoplane/client/client";
import { clusterNameOf, selectContext } from "@octoplane/kinds/kubeconfig";
import { readAs } from "@octoplane/kinds/read-input";
import { startSim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import { disposeAll, runUntilSignal } from "@octoplane/shared/lifecycle";
import { openLog } from "@octoplane/shared/log";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { systemRandom } from "@octoplane/shared/random";
import { StandaloneConfigSchema, type StandaloneConfig } from "@octoplane/standalone/config";
import { start } from "@octoplane/standalone/start";
import { endStory, tellStory, type DemoSite, type StoryParts } from "./story.ts";

/** `npm run demo`: the main job in under a minute, on two simulated clusters or on two of your own. */
const usage = `npm run demo -- [flags]
  --exit                 end with status 0 instead of staying up
  --kubeconfig FILE      given twice: two real clusters instead of simulated ones
  --listen HOST:PORT     (default 127.0.0.1:0, a free port)
`;

interface Flags {
  readonly exit: boolean;
  readonly kubeconfig: readonly string[];
  readonly listen: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const namespace = "system:admin";

function readFlags(args: readonly string[]): Flags | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exit: { type: "boolean", default: false },
      kubeconfig: { type: "string", multiple: true, default: [] },
      listen: { type: "string", default: "127.0.0.1:0" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.kubeconfig.length !== 0 && values.kubeconfig.length !== 2) {
    throw failure(
      "Invalid",
      "expected --kubeconfig twice: the demo moves an application from one cluster to the other",
    );
  }
  return values;
}

async function openSites(flags: Flags, parts: AsyncDisposable[]): Promise<[DemoSite, DemoSite]> {
  if (flags.kubeconfig.length === 2) {
    const sites = await Promise.all(flags.kubeconfig.map(readSite));
    const [first, second] = sites as [DemoSite, DemoSite];
    if (first.name !== second.name) return [first, second];
    return [
      { ...first, name: `${first.name}-1` },
      { ...second, name: `${second.name}-2` },
    ];
  }
  const sim = await startSim({
    clusters: [
      { name: "berlin", readyDelayMs: 300 },
      { name: "oslo", readyDelayMs: 300 },
    ],
    clock: systemClock,
    random: systemRandom,
  });
  parts.push(sim);
  const site = (name: string): DemoSite => ({ name, kubeconfig: sim.cluster(name).kubeconfig });
  return [site("berlin"), site("oslo")];
}

async function readSite(path: string): Promise<DemoSite> {
  const kubeconfig = selectContext(readDocument(await readFile(path, "utf8"), path));
  return { name: clusterNameOf(kubeconfig) ?? "cluster", kubeconfig };
}

async function run(flags: Flags, signal: AbortSignal): Promise<AsyncDisposable> {
  const parts: AsyncDisposable[] = [];
  const running = { [Symbol.asyncDispose]: () => disposeAll(parts) };
  try {
    const sites = await openSites(flags, parts);
    const dataDir = await mkdtemp(join(tmpdir(), "octoplane-demo-"));
    parts.push({ [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) });
    const config = readAs<StandaloneConfig>(StandaloneConfigSchema, {
      data_dir: dataDir,
      listen: flags.listen,
      scheduler: { metrics: { interval: 0.5 } },
    });
    const server = await start(config, openLog("octoplane", config.log_level));
    parts.push(server);
    const client = openClient({ address: server.address, token: server.adminToken });
    const kubeNamespace = `octoplane-demo-${systemRandom.uuid().slice(0, 6)}`;
    const story: StoryParts = { client, clock: systemClock, namespace, kubeNamespace, sites, say };
    const { version } = await client.version();
    say(`Octoplane ${version} at ${client.address}`);
    say("");
    await tellStory(story);
    parts.push({ [Symbol.asyncDispose]: () => endStory(story) });
    say("");
    if (!flags.exit && !signal.aborted) tellWhatNext(client.address, dataDir);
    return running;
  } catch (error) {
    await disposeAll(parts);
    throw error;
  }
}

function tellWhatNext(address: string, dataDir: string): void {
  say("It stays up; Ctrl-C removes the application and ends it. Try, in another terminal:");
  say(`   export OCTOPLANE_DATA_DIR=${dataDir}`);
  say("   npx rok kube app list");
  say("   npx rok kube app explain echo-demo");
  say("   npx rok kube cluster list");
  say(`The documentation of the API, to read and to try: ${address}/docs`);
}

try {
  const flags = readFlags(process.argv.slice(2));
  if (!flags) say(usage);
  else if (flags.exit)
    await (await run(flags, new AbortController().signal))[Symbol.asyncDispose]();
  else await runUntilSignal((signal) => run(flags, signal));
} catch (error) {
  process.stderr.write(`demo: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
