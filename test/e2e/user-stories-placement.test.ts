import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { openField, peek, type Field } from "./field.ts";
import { runRok, serverVariables, type RokRun } from "./rok-run.ts";

/** Krake's user stories 2 (placement by labels) and 3 (placement by metrics), as a user types them. */

const intervalMs = 1_000;

const echoDemo = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: echo-demo }
spec:
  selector: { matchLabels: { app: echo } }
  template:
    metadata: { labels: { app: echo } }
    spec:
      containers:
        - name: echo
          image: registry.example/echoserver:1.4
          ports: [{ containerPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: echo-demo }
spec:
  type: NodePort
  selector: { app: echo }
  ports: [{ port: 8080, protocol: TCP, targetPort: 8080 }]
`;

/** One story: its own installation, two clusters, and a folder with what the user has at hand. */
class Story implements AsyncDisposable {
  readonly field: Field;
  readonly #folder: string;

  constructor(field: Field, folder: string) {
    this.field = field;
    this.#folder = folder;
  }

  static async open(): Promise<Story> {
    const [field, folder] = await Promise.all([
      openField({
        scheduler: { reschedule_after: intervalMs / 1_000, metrics: { interval: 0.05 } },
      }),
      mkdtemp(join(tmpdir(), "user-story-")),
    ]);
    for (const name of ["minikube-1", "minikube-2"]) {
      const { kubeconfigYaml } = field.sim.addCluster({ name, readyDelayMs: 5 });
      await writeFile(join(folder, `${name}.yaml`), kubeconfigYaml);
    }
    await writeFile(join(folder, "echo-demo.yaml"), echoDemo);
    return new Story(field, folder);
  }

  async rok(line: string): Promise<RokRun> {
    const { address, adminToken: token } = this.field.octoplane;
    const variables = serverVariables({ address, token });
    const result = await runRok(line, { folder: this.#folder, variables });
    expect(result, `rok ${line}: ${result.err}`).toMatchObject({ status: exitStatus.ok });
    return result;
  }

  /** When `rok kube app get` says that it runs there: the moment of the placement, in milliseconds since the epoch. */
  async untilRunsOn(cluster: string): Promise<number> {
    return await waitFor(`echo-demo runs on ${cluster}`, async () => {
      const app = JSON.parse((await this.rok("kube app get echo-demo -o json")).out);
      const { state, running_on, scheduled } = app.status;
      return state === "RUNNING" && running_on.name === cluster && Date.parse(scheduled);
    });
  }

  hasDeployment(cluster: string): boolean {
    return peek(this.field.sim.cluster(cluster), "Deployment", "echo-demo") !== undefined;
  }

  /** The scores of the first decision with this outcome, as `rok kube app history` has them: texts of three digits. */
  async scoresOf(outcome: "placed" | "moved"): Promise<Readonly<Record<string, string>>> {
    const decisions = JSON.parse((await this.rok("kube app history echo-demo -o json")).out);
    const decision = decisions.find((one: Json) => one.outcome === outcome);
    const rows = decision.candidates.map(({ cluster, score }: Json) => [
      cluster.name,
      score.toFixed(3),
    ]);
    return Object.fromEntries(rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.field[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

describe("user story 2: labels", () => {
  let story: Story;
  beforeAll(async () => void (story = await Story.open()));
  afterAll(async () => await story?.[Symbol.asyncDispose]());

  it("an application runs where its label constraint says, and moves when that is changed", async () => {
    await story.rok("kube cluster register -k minikube-1.yaml -l location=DE --wait online");
    await story.rok("kube cluster register -k minikube-2.yaml -l location=SK --wait online");
    await story.rok("kube app create -f echo-demo.yaml -L location=DE echo-demo --wait running");
    expect((await story.rok("kube app get echo-demo")).out).toMatch(/running_on +\S*minikube-1/);
    await story.rok(
      "kube app update -f echo-demo.yaml --remove-existing-label-constraints -L location=SK echo-demo",
    );
    await story.untilRunsOn("minikube-2");
    const { out } = await story.rok("kube app get echo-demo");
    expect(out).toMatch(/running_on +\S*minikube-2/);
    expect([story.hasDeployment("minikube-1"), story.hasDeployment("minikube-2")]).toEqual([
      false,
      true,
    ]);
    await story.rok("kube app delete echo-demo --wait");
    expect(story.hasDeployment("minikube-2")).toBe(false);
  });
});

describe("user story 3: metrics", () => {
  let story: Story;
  beforeAll(async () => void (story = await Story.open()));
  afterAll(async () => await story?.[Symbol.asyncDispose]());

  it("scores are 0.827 and 0.173, and when the values are swapped 0.180 and 0.827 within the interval", async () => {
    await story.rok(
      "core gmp create static_provider --type static --metric electricity_cost_1 0.9 --metric green_energy_ratio_1 0.1",
    );
    for (const metric of ["electricity_cost_1", "green_energy_ratio_1"]) {
      await story.rok(`core gm create ${metric} --gmp-name static_provider --min 0 --max 1`);
    }
    const register = async (name: string, cost: number, green: number): Promise<void> => {
      const flags = `--global-metric electricity_cost_1 ${cost} --global-metric green_energy_ratio_1 ${green}`;
      await story.rok(`kube cluster register -k ${name}.yaml ${flags} --wait online`);
    };
    await register("minikube-1", 10, 1);
    await register("minikube-2", 1, 10);
    await story.rok("kube app create -f echo-demo.yaml echo-demo --wait running");
    const placed = await story.untilRunsOn("minikube-1");
    expect(await story.scoresOf("placed")).toEqual({
      "minikube-1": "0.827",
      "minikube-2": "0.173",
    });
    // Decided again it would be sticky where it runs: (9.1 + 0.1) / 11.1.
    const { out } = await story.rok("kube app explain echo-demo");
    expect(out).toMatch(/minikube-1 .*0\.8288/);
    // The values are the same for both clusters: (c + 1) / 11 is more than (10 c + 0.2) / 11.1 from here on.
    expect(out).toMatch(/electricity_cost_1 +\S+minikube-1 +0\.9 +0\.09 or less/);
    await story.rok(
      "core gmp update static_provider --metric electricity_cost_1 0.1 --metric green_energy_ratio_1 0.9",
    );
    const swapped = Date.now();
    const moved = await story.untilRunsOn("minikube-2");
    expect(moved - placed).toBeGreaterThanOrEqual(intervalMs);
    expect(moved - swapped).toBeLessThan(intervalMs + 5_000);
    expect(await story.scoresOf("moved")).toEqual({ "minikube-1": "0.180", "minikube-2": "0.827" });
    expect(story.hasDeployment("minikube-1")).toBe(false);
  });
});
