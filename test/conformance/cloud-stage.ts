import { CloudKind, GlobalCloudKind, type Cloud } from "@octoplane/kinds/cloud";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { setCondition, type Finding } from "@octoplane/kinds/condition";
import { anyKind, type AnyResource } from "@octoplane/kinds/kind";
import { MagnumClusterKind, type MagnumCluster } from "@octoplane/kinds/magnum-cluster";
import { ProjectKind, type Project } from "@octoplane/kinds/project";
import { readInput } from "@octoplane/kinds/read-input";
import { isoTime } from "@octoplane/shared/clock";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { namespace } from "./resources/bench.ts";
import { Stage } from "./scheduler-stage.ts";

/** Clouds, projects and clusters that are to be made, on the stage of the scheduler. */

export const tosca = {
  tosca_definitions_version: "tosca_simple_yaml_1_0",
  topology_template: { outputs: { kubeconfig: { value: "later" } } },
};

interface Facts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly metrics?: readonly object[];
  readonly place?: string;
}

export class CloudStage {
  readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  async cloud(name: string, facts: Facts = {}): Promise<void> {
    const { labels = {}, metrics = [], place = namespace } = facts;
    const body = { metadata: { name, labels }, spec: cloudSpec(metrics) };
    const input = readInput(anyKind(CloudKind), body);
    await this.stage.bench.resources.of(CloudKind).create(input, place);
  }

  async globalCloud(name: string, facts: Facts = {}): Promise<void> {
    const { labels = {}, metrics = [] } = facts;
    const body = { metadata: { name, labels }, spec: cloudSpec(metrics) };
    const input = readInput(anyKind(GlobalCloudKind), body);
    await this.stage.bench.resources.of(GlobalCloudKind).create(input);
  }

  async project(name: string, template: string, facts: Facts = {}): Promise<void> {
    const { labels = {}, metrics = [], place = namespace } = facts;
    const auth = {
      type: "application_credential",
      application_credential: { id: "i", secret: "s" },
    };
    const spec = { url: "http://127.0.0.1:9", auth, template, metrics };
    const input = readInput(anyKind(ProjectKind), { metadata: { name, labels }, spec });
    await this.stage.bench.resources.of(ProjectKind).create(input, place);
  }

  async magnum(name: string, labels: readonly string[] | null = null): Promise<void> {
    const spec = { master_count: 1, node_count: 1, constraints: { project: { labels } } };
    const input = readInput(anyKind(MagnumClusterKind), { metadata: { name }, spec });
    await this.stage.bench.resources.of(MagnumClusterKind).create(input, namespace);
  }

  /** A cluster that is to be made. */
  async toscaCluster(
    name: string,
    spec: object = {},
    metadata: { readonly inherit_labels?: boolean } = {},
  ): Promise<void> {
    const body = { metadata: { name, ...metadata }, spec: { tosca, ...spec } };
    await this.stage.clusters.create(readInput(anyKind(ClusterKind), body), namespace);
  }

  /** Edits the stored object, whatever its kind. */
  async edit(kind: typeof CloudKind, name: string, edit: (body: Json) => void): Promise<void> {
    const repository = this.stage.bench.resources.of(kind);
    const ref = kind.namespaced ? { namespace, name } : { name };
    const body: Json = structuredClone(await repository.mustGet(ref));
    delete body.metadata.resource_version;
    delete body.metadata.modified;
    edit(body);
    await repository.update(ref, readInput(anyKind(kind), body));
  }

  async condition(name: string, finding: Omit<Finding, "observed_generation">): Promise<void> {
    const ref = { namespace, name };
    const { clusters } = this.stage;
    const { metadata } = await clusters.mustGet(ref);
    await clusters.updateStatus(ref, metadata.uid, ({ status }) => ({
      status: {
        ...status,
        conditions: [
          ...setCondition(
            status.conditions,
            { ...finding, observed_generation: 1 },
            isoTime(Date.now()),
          ),
        ],
      },
    }));
  }

  async untilCloud(name: string, holds: (cloud: Cloud) => boolean): Promise<Cloud> {
    return await this.#until(name, holds, () =>
      this.stage.bench.resources.of(CloudKind).get({ namespace, name }),
    );
  }

  async untilGlobalCloud(name: string, holds: (cloud: Cloud) => boolean): Promise<Cloud> {
    return await this.#until(name, holds, () =>
      this.stage.bench.resources.of(GlobalCloudKind).get({ name }),
    );
  }

  async untilProject(name: string, holds: (project: Project) => boolean): Promise<Project> {
    return await this.#until(name, holds, () =>
      this.stage.bench.resources.of(ProjectKind).get({ namespace, name }),
    );
  }

  async untilMagnum(
    name: string,
    holds: (cluster: MagnumCluster) => boolean,
  ): Promise<MagnumCluster> {
    return await this.#until(name, holds, () =>
      this.stage.bench.resources.of(MagnumClusterKind).get({ namespace, name }),
    );
  }

  async untilBound(name: string, cloud: string): Promise<Cluster> {
    return await this.stage.untilCluster(name, ({ status }) => status.scheduled_to?.name === cloud);
  }

  /** The clusters that were made for applications. */
  async made(): Promise<readonly Cluster[]> {
    const { items } = await this.stage.clusters.list({ namespace });
    return items.filter(({ spec }) => spec.auto_generated);
  }

  async untilMade(): Promise<Cluster> {
    return await waitFor("a cluster was made", async () => (await this.made())[0], {
      deadlineMs: 10_000,
    });
  }

  async #until<R extends AnyResource>(
    name: string,
    holds: (object: R) => boolean,
    get: () => Promise<R | undefined>,
  ): Promise<R> {
    let last: R | undefined;
    return await waitFor(
      name,
      async () => {
        last = await get();
        return last && holds(last) ? last : undefined;
      },
      { deadlineMs: 10_000, seen: () => last?.status },
    );
  }
}

function cloudSpec(metrics: readonly object[]): object {
  return {
    type: "openstack",
    openstack: {
      url: "http://127.0.0.1:9",
      metrics,
      auth: {
        type: "password",
        password: { user: { username: "u", password: "p" }, project: { name: "p" } },
      },
      infrastructure_provider: { name: "im" },
    },
  };
}
