import type { Client } from "@octoplane/client/client";
import { waitFor } from "@octoplane/client/wait-for";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import type { Decision } from "@octoplane/kinds/decision";
import { GlobalMetricKind } from "@octoplane/kinds/metric";
import { GlobalMetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import type { Clock } from "@octoplane/shared/clock";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/**
 * The main job, told step by step: two clusters with an electricity price each, an application on the cheaper one, the
 * prices swapped, the application moved. Everything that is printed was read back through the REST API.
 */
export interface StoryParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly namespace: string;
  /** Where the application's objects live on the clusters; made and removed by the application itself. */
  readonly kubeNamespace: string;
  readonly sites: readonly [DemoSite, DemoSite];
  say(line: string): void;
}

export interface DemoSite {
  readonly name: string;
  readonly kubeconfig: Readonly<Record<string, unknown>>;
}

const appName = "echo-demo";
const provider = "electricity";

export async function tellStory(parts: StoryParts): Promise<void> {
  const { client, say, sites } = parts;
  const [first, second] = sites;
  const cheap = 0.21;
  const dear = 0.34;
  say("1. Two clusters, an electricity price each");
  await setPrices(parts, { [first.name]: cheap, [second.name]: dear });
  for (const site of sites) await register(parts, site);
  for (const site of sites) say(await describeCluster(parts, site));

  say("");
  say(`2. An application: ${appName}, one Deployment and one NodePort Service`);
  const { kubeNamespace, namespace } = parts;
  await client.of(ApplicationKind).create(
    {
      metadata: { name: appName },
      spec: { manifest: echoManifest(kubeNamespace), reschedule_after: 1 },
    },
    namespace,
  );
  await follow(parts, (app) => app.status.state === "RUNNING");
  await explain(parts);

  say("");
  say(`3. The prices change places: ${first.name} ${dear}, ${second.name} ${cheap}`);
  await setPrices(parts, { [first.name]: dear, [second.name]: cheap });
  const fewest = await follow(
    parts,
    (app) =>
      app.status.state === "RUNNING" &&
      app.status.running_on?.name === second.name &&
      app.status.copies.length === 1,
  );
  say(`   ready Pods at every moment: at least ${fewest}`);
  await explain(parts);
}

/** Deletes the application and waits until nothing of it is left on any cluster. */
export async function endStory({ client, namespace, say }: StoryParts): Promise<void> {
  const ref = { namespace, name: appName };
  const applications = client.of(ApplicationKind);
  await applications.remove(ref);
  await waitFor(applications, ref, (app) => app === undefined, { timeoutMs: limits.demoStepMs });
  say(`${appName} is gone, with everything it had on the clusters`);
}

async function setPrices(
  { client }: StoryParts,
  metrics: Readonly<Record<string, number>>,
): Promise<void> {
  const providers = client.of(GlobalMetricsProviderKind);
  const spec = { type: "static", static: { metrics } } as const;
  try {
    const known = await providers.get({ name: provider });
    await providers.update({ ...known, spec });
  } catch (error) {
    if (!isFailure(error, "NotFound")) throw error;
    await providers.create({ metadata: { name: provider }, spec });
  }
}

async function register({ client, namespace }: StoryParts, site: DemoSite): Promise<void> {
  const metric = `electricity_price_${site.name}`;
  await client.of(GlobalMetricKind).create({
    metadata: { name: metric },
    spec: {
      allowed_values: [],
      min: 0,
      max: 1,
      direction: "lower",
      counts_as: "price",
      provider: { name: provider, metric: site.name },
    },
  });
  const spec = { kubeconfig: site.kubeconfig, metrics: [{ name: metric, weight: 1 }] };
  await client.of(ClusterKind).create({ metadata: { name: site.name }, spec }, namespace);
}

async function describeCluster(parts: StoryParts, site: DemoSite): Promise<string> {
  const ref = { namespace: parts.namespace, name: site.name };
  const clusters = parts.client.of(ClusterKind);
  const isOnline = (cluster: Cluster | undefined): boolean => cluster?.status.state === "ONLINE";
  const cluster = await waitFor(clusters, ref, isOnline, { timeoutMs: limits.demoStepMs });
  const { state, version, capacity } = cluster!.status;
  const nodes = `${capacity?.nodes_ready}/${capacity?.nodes} nodes ready`;
  return `   ${site.name.padEnd(10)} ${state}  Kubernetes ${version}, ${nodes}`;
}

/** Prints each change until the application is as wanted; gives the fewest ready Pods that were seen once there were any. */
async function follow(parts: StoryParts, isDone: (app: Application) => boolean): Promise<number> {
  const { client, clock, namespace, say } = parts;
  const began = clock.monotonic();
  let told = "";
  let fewest = Infinity;
  const onState = (app: Application | undefined): void => {
    if (!app) return;
    const line = describe(app);
    const elapsed = `+${(clock.monotonic() - began).toFixed(0)} ms`;
    if (line !== told) say(`   ${elapsed.padStart(9)}  ${line}`);
    told = line;
    const ready = app.status.container_health.running_pods;
    if (ready > 0 || fewest !== Infinity) fewest = Math.min(fewest, ready);
  };
  const ref = { namespace, name: appName };
  const holds = (app: Application | undefined): boolean => app !== undefined && isDone(app);
  const timeoutMs = limits.demoStepMs;
  await waitFor(client.of(ApplicationKind), ref, holds, { timeoutMs, onState });
  return fewest;
}

function describe({ status }: Application): string {
  const { running_pods: ready, desired_pods: desired } = status.container_health;
  const serving =
    status.running_on === null ? "serving nowhere yet" : `serving from ${status.running_on.name}`;
  const copies = status.copies
    .map(({ cluster }) => cluster.name)
    .toSorted()
    .join(" and ");
  const objects = copies === "" ? "" : `, objects on ${copies}`;
  return `${status.state.padEnd(10)} ${serving}, ${ready} of ${desired} Pods ready${objects}`;
}

async function explain({ client, namespace, say }: StoryParts): Promise<void> {
  const ref = { namespace, name: appName };
  const app = await client.of(ApplicationKind).get(ref);
  const [decision] = await client.decisions(ref);
  if (!decision) throw failure("NotFound", `no decision about ${appName} was recorded`);
  say(`   why ${decision.chosen?.name ?? "nowhere"}: ${decision.reason.message}`);
  for (const row of decision.candidates) say(`   ${candidateLine(row, decision)}`);
  for (const [name, address] of Object.entries(app.status.services))
    say(`   service ${name}: ${address}`);
}

function candidateLine(row: Decision["candidates"][number], decision: Decision): string {
  const mark = row.cluster.name === decision.chosen?.name ? "->" : "  ";
  const refused = row.verdicts.filter(({ fits }) => !fits).map(({ message }) => message);
  const verdict = row.fits ? "fits" : refused.join("; ");
  const score = row.score === null ? "" : `score ${row.score.toFixed(3)}`;
  const parts = row.parts.map(
    ({ name, raw, weight }) => `${name}${raw === null ? "" : ` = ${raw}`} (weight ${weight})`,
  );
  return `${mark} ${row.cluster.name.padEnd(10)} ${verdict}  ${score}  ${parts.join(", ")}`;
}

function echoManifest(namespace: string): Readonly<Record<string, unknown>>[] {
  const labels = { app: appName };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: appName, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: "echo",
                image: "registry.k8s.io/echoserver:1.10",
                ports: [{ containerPort: 8080 }],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: appName, namespace },
      spec: {
        type: "NodePort",
        selector: labels,
        ports: [{ port: 8080, protocol: "TCP", targetPort: 8080 }],
      },
    },
  ];
}
