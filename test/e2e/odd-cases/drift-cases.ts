import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import { configMap } from "../manifests.ts";
import { input, spelled, type Stage } from "./stage.ts";

/** ODD-8, 13, 14, 16, 20, 32: what is no drift. */
export function driftCases(stage: () => Stage): void {
  it.each([
    ["quantities/in.yaml", "Deployment", "RUNNING"],
    ["null-and-empty/in.yaml", "Deployment", "RUNNING"],
    ["env-duplicate/in.yaml", "Deployment", "RUNNING"],
    ["stringdata/in.yaml", "Secret", "RUNNING"],
    ["gated-field/statefulset-maxunavailable.yaml", "StatefulSet", "RUNNING"],
    ["multi-port-service/in.yaml", "Service", "RUNNING"],
  ])("writes %s once, whatever the cluster makes of it", async (file, kind, state) => {
    const app = await stage().deploy({
      manifest: [...spelled(input(file)), configMap("watched", {})],
    });
    await stage().untilIs(app, state);
    const objects = async (): Promise<unknown> =>
      fieldsOf(await stage().see(kind, nameIn(file), app));
    const before = await objects();
    // Somebody touches a neighbour, so that everything is looked at once more.
    const path = `/api/v1/namespaces/${app}/configmaps/watched`;
    await stage().meddle(
      path,
      { data: { theirs: "1" }, metadata: { labels: { theirs: "1" } } },
      "PATCH",
    );
    await stage().meddle(
      path,
      { metadata: { labels: { "octoplane.io/application": "lost" } } },
      "PATCH",
    );
    await stage().untilSeen(
      "the mark is put right again",
      { kind: "ConfigMap", name: "watched", namespace: app },
      ({ metadata }) => metadata.labels["octoplane.io/application"] !== "lost",
    );
    expect(await objects()).toEqual(before);
    await stage().remove(app);
  });

  it("tells once which fields the cluster did not take", async () => {
    const [deployment] = input("quantities/in.yaml");
    deployment.spec.template.spec.colour = "blue";
    const app = await stage().deploy({ manifest: [deployment] });
    const { conditions } = await stage().untilIs(app, "RUNNING");
    const applied = conditions.find(({ type }: Json) => type === "Applied");
    expect(applied.message).toContain('Deployment q: unknown field "spec.template.spec.colour"');
    expect(applied.status).toBe("True");
    await stage().remove(app);
  });

  it("leaves the replicas of what an autoscaler scales to it", async () => {
    const app = await stage().deploy({ manifest: input("hpa-replicas/in.yaml") });
    await stage().untilSeen("web", { kind: "Deployment", name: "web", namespace: app });
    await stage().meddle(
      `/apis/apps/v1/namespaces/${app}/deployments/web`,
      { spec: { replicas: 4 } },
      "PATCH",
    );
    await stage().change(app, (spec) => {
      spec.manifest[0].spec.template.spec.containers[0].image = "nginx:1.26";
    });
    const web = await stage().untilSeen(
      "the new image",
      { kind: "Deployment", name: "web", namespace: app },
      ({ spec }) => spec.template.spec.containers[0].image === "nginx:1.26",
    );
    expect(web.spec.replicas).toBe(4);
    await stage().remove(app);
  });

  it("keeps as many replicas as run when they become somebody else's business", async () => {
    const [deployment] = input("quantities/in.yaml");
    deployment.spec.replicas = 3;
    const app = await stage().deploy({ manifest: [deployment] });
    await stage().untilIs(app, "RUNNING");
    await stage().change(app, (spec) => void (spec.delivery.ignore_replicas = true));
    await stage().untilIs(app, "RUNNING");
    expect((await stage().see("Deployment", "q", app)).spec.replicas).toBe(3);
    await stage().remove(app);
  });

  it("leaves replicas alone when it is told to", async () => {
    const app = stage().fresh("odd");
    const [deployment] = input("quantities/in.yaml");
    deployment.spec.replicas = 2;
    const delivery = { namespace: app, create_namespaces: true, ignore_replicas: true };
    await stage().deploy({ name: app, manifest: [deployment], delivery });
    await stage().until(
      app,
      "begins with two",
      ({ container_health: pods }) => pods.running_pods === 2,
    );
    await stage().meddle(
      `/apis/apps/v1/namespaces/${app}/deployments/q`,
      { spec: { replicas: 3 } },
      "PATCH",
    );
    await stage().until(
      app,
      "runs three Pods",
      ({ container_health: pods }) => pods.running_pods === 3,
    );
    await stage().change(app, (spec) => void spec.manifest.push(configMap("more", {})));
    await stage().untilIs(app, "RUNNING");
    expect((await stage().see("Deployment", "q", app)).spec.replicas).toBe(3);
    await stage().remove(app);
  });
}

/** What an apply of ours would move: not the status, which moves by itself. */
function fieldsOf({ metadata, spec, data }: Json): unknown {
  const ours = metadata.managedFields.filter(({ manager }: Json) => manager === "octoplane");
  return { spec, data, ours, uid: metadata.uid };
}

function nameIn(file: string): string {
  return spelled(input(file))[0].metadata.name;
}
