import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import { expect } from "vitest";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import { applications, BareField } from "../field.ts";
import { look, servedKind, type Site } from "../site.ts";
import type { World } from "../world.ts";

/** The objects of one of the inputs, as the command line reads them. */
export function input(file: string): Json[] {
  const path = join(import.meta.dirname, "inputs", file);
  return readDocuments(readFileSync(path, "utf8"), file).documents as Json[];
}

interface Wish {
  readonly manifest: readonly Json[];
  readonly delivery?: Json;
  readonly name?: string;
}

/** `n` in YAML as kubectl reads it is false; these inputs mean the letter. */
export function spelled(manifest: Json[]): Json[] {
  return JSON.parse(JSON.stringify(manifest).replaceAll(":false", ':"n"'));
}

/** Applications on one cluster, each in a namespace of its own unless it says otherwise. */
export class Stage extends BareField {
  readonly site: Site;
  readonly #world: World;

  constructor(world: World) {
    super(world.octoplane);
    this.site = world.sites[0];
    this.#world = world;
  }

  async prepare(): Promise<void> {
    await this.register(this.site.name, this.site.kubeconfig);
    await this.#makeVolumes();
  }

  /** Volumes for claims of any name: a bare API server has nobody who makes them. */
  async #makeVolumes(): Promise<void> {
    for (let index = 0; index < 20; index += 1) {
      await this.meddle("/api/v1/persistentvolumes", {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: `spare-${index}` },
        spec: {
          capacity: { storage: "10Gi" },
          accessModes: ["ReadWriteOnce"],
          hostPath: { path: `/tmp/spare-${index}` },
        },
      });
    }
  }

  /** Creates an application whose name is that of its namespace, which is made for it. */
  async deploy({ manifest, delivery, name = this.fresh("odd") }: Wish): Promise<string> {
    const own = { namespace: name, create_namespaces: true };
    await this.rest.ok("POST", applications, {
      metadata: { name },
      spec: { manifest, delivery: delivery ?? own },
    });
    return name;
  }

  /** In this state, with what was asked for last. */
  async untilIs(app: string, state: string): Promise<Json> {
    const { generation } = (await this.read(app)).metadata;
    return await this.until(
      app,
      `is ${state}`,
      (status) => status.state === state && status.observed_generation === generation,
    );
  }

  async untilReason(app: string, code: string): Promise<string> {
    const status = await this.until(app, `says ${code}`, ({ reason }) => reason?.code === code);
    return status.reason.message;
  }

  async beginRemoval(app: string): Promise<void> {
    await this.rest.ok("DELETE", `${applications}/${app}`);
  }

  async see(kind: string, name: string, namespace?: string): Promise<Json> {
    return await look(this.site, { kind, name, ...(namespace === undefined ? {} : { namespace }) });
  }

  async untilSeen(
    what: string,
    place: { readonly kind: string; readonly name: string; readonly namespace?: string },
    holds: (object: Json) => boolean = () => true,
  ): Promise<Json> {
    return await waitFor(what, async () => {
      const object: Json = await look(this.site, place);
      return object !== undefined && holds(object) && object;
    });
  }

  async patch(app: string, body: Json): Promise<void> {
    const { address, adminToken } = this.octoplane;
    const response = await fetch(`${address}${applications}/${app}`, {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${adminToken}`,
        "content-type": "application/merge-patch+json",
      },
      body: JSON.stringify(body),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  /** An object by its path: where several groups have a kind of one name. */
  async get(path: string): Promise<Json> {
    const request = { method: "GET", path, search: "" };
    const answer = await this.site.kube.proxy(request, AbortSignal.timeout(20_000));
    const text = Buffer.concat(await answer.body.toArray()).toString();
    return answer.status === 200 ? JSON.parse(text) : undefined;
  }

  /** What somebody else does on the cluster, past Octoplane. */
  async meddle(path: string, body: Json, method = "POST"): Promise<Json> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const answer = await this.site.kube.proxy(
      {
        method,
        path,
        search: "?fieldManager=somebody",
        headers: { "content-type": type },
        body: Readable.from([Buffer.from(JSON.stringify(body))]),
      },
      AbortSignal.timeout(20_000),
    );
    const text = Buffer.concat(await answer.body.toArray()).toString();
    expect(answer.status, text).toBeLessThan(300);
    return JSON.parse(text);
  }

  /** Versions of all objects of a kind in a namespace: what is written to changes its own. */
  async versions(kind: string, namespace: string): Promise<Record<string, string>> {
    const served = (await servedKind(this.site, kind))!;
    const { items } = await this.site.kube.list(served, { namespace });
    return Object.fromEntries(
      items.map(({ metadata }) => [metadata.name ?? "", metadata.resourceVersion ?? ""]),
    );
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#world[Symbol.asyncDispose]();
  }
}

export function inNamespace(object: Json, namespace: string): Json {
  return { ...object, metadata: { ...object.metadata, namespace } };
}
