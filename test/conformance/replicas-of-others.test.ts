import { expect, it } from "vitest";
import { beginReplicas } from "@octoplane/app-controller/replicas-of-others";
import { desiredObjects } from "@octoplane/delivery/desired";
import { connectKube } from "@octoplane/kube/http-kube";
import { startSim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { meddle } from "../e2e/field.ts";
import { deployment } from "../e2e/manifests.ts";

const containers = [{ name: "web", image: "registry.example/web:1" }];
const manifest = [deployment("web", { replicas: 2, containers })];

it("replicas of somebody else begin as the manifest says, unless he was quicker", async () => {
  await using sim = await startSim({ clock: systemClock, random: systemRandom });
  const cluster = sim.addCluster({ name: "one" });
  await using kube = connectKube(cluster.kubeconfig, { clock: systemClock });
  const { signal } = new AbortController();
  const discovery = await kube.discover();
  const owner = { uid: "u", namespace: "n", name: "web" };
  const world = { ...discovery, defaultNamespace: "default" };
  const [desired] = desiredObjects(manifest, world, owner, { ignore_replicas: true }).objects;
  const replicas = async (): Promise<unknown> => {
    const live = await kube.get(desired!.ref);
    return (live!["spec"] as { readonly replicas: number }).replicas;
  };

  await kube.apply(desired!.ref, desired!.object, { force: true }, signal);
  await beginReplicas({ kube }, desired!, signal);
  expect(await replicas()).toBe(2);

  await kube.delete(desired!.ref, { propagation: "Background" }, signal);
  await kube.apply(desired!.ref, desired!.object, { force: true }, signal);
  const path = "/apis/apps/v1/namespaces/default/deployments/web";
  await meddle(cluster, path, { spec: { replicas: 4 } });
  await beginReplicas({ kube }, desired!, signal);
  expect(await replicas()).toBe(4);
});
