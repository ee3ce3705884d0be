import { readDocument } from "@octoplane/shared/manifest-yaml";
import { openConstellation, type Constellation } from "../../constellation.ts";
import { startControlPlane, type ControlPlane } from "../../control-plane/control-plane.ts";
import { applications, BareField } from "../../e2e/field.ts";
import type { Json } from "../../rest.ts";
import { openEcho } from "../echo-server.ts";

/** Octoplane and one real Kubernetes, which is registered as `real`. */
export class RealField extends BareField {
  readonly name = "real";
  readonly plane: ControlPlane;
  readonly #echo: AsyncDisposable;

  constructor(octoplane: Constellation, plane: ControlPlane, echo: AsyncDisposable) {
    super(octoplane);
    this.plane = plane;
    this.#echo = echo;
  }

  async deploy(manifest: readonly Json[], name?: string): Promise<string> {
    return await this.create(manifest, this, name);
  }

  async untilRunning(app: string, state = "RUNNING"): Promise<Json> {
    return await this.untilRuns(app, this, state);
  }

  /** One of an application's own routes: `post(app, "restart", {})`. */
  async post(app: string, action: string, body: Json = {}): Promise<Json> {
    return await this.rest.ok("POST", `${applications}/${app}/${action}`, body);
  }

  async list(app: string, what: string): Promise<Json[]> {
    return (await this.rest.ok("GET", `${applications}/${app}/${what}`)).items;
  }

  /** An object as the API server has it, past Octoplane; `undefined` when there is none. */
  async at(path: string): Promise<Json> {
    const { status, body } = await this.plane.call("GET", path);
    if (status !== 200 && status !== 404) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return status === 200 ? body : undefined;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
    await this.#echo[Symbol.asyncDispose]();
  }
}

export async function openRealField(): Promise<RealField> {
  const echo = await openEcho();
  const plane = await startControlPlane({ forwardTo: echo.port, audit: true });
  const octoplane = await openConstellation({ settings: { app_controller: { start_grace: 0.4 } } });
  const field = new RealField(octoplane, plane, echo);
  await field.register(field.name, readDocument(plane.kubeconfig, "kubeconfig"));
  return field;
}

/** Where an object of the namespace `default` is on the API server. */
export const paths = {
  deployment: (name: string) => `/apis/apps/v1/namespaces/default/deployments/${name}`,
  service: (name: string) => `/api/v1/namespaces/default/services/${name}`,
  job: (name: string) => `/apis/batch/v1/namespaces/default/jobs/${name}`,
  cronJob: (name: string) => `/apis/batch/v1/namespaces/default/cronjobs/${name}`,
} as const;

/** The workload with another image for its first container. */
export function withImage(workload: Json, image: string): Json {
  workload.spec.template.spec.containers[0].image = image;
  return workload;
}
