import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { conditionOf } from "@octoplane/kinds/condition";
import { anyKind } from "@octoplane/kinds/kind";
import { readInput } from "@octoplane/kinds/read-input";
import { refText } from "@octoplane/resources/keys";
import type { Repository } from "@octoplane/resources/repository";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { systemClock } from "@octoplane/shared/clock";
import { failure, isFailure, type ErrorCode } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { silentLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { openStore } from "@octoplane/store/open";
import type { SourceFetch } from "./source-fetch.ts";
import { translateApplication, type TranslationWorld } from "./translate-application.ts";

/** Against a store of its own, with a network that does what a test says. */

let folder: string;
let resources: Resources;
let repository: Repository<Application>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-tosca-"));
  const parts = { clock: systemClock, random: systemRandom };
  const store = await openStore(`lmdb://${folder}`, {}, { ...parts, log: silentLog });
  const sealer = new Sealer(Buffer.alloc(32, 1), systemRandom);
  resources = new Resources({ store, sealer, ...parts }, silentLog);
  repository = resources.of(ApplicationKind);
});

afterAll(async () => {
  await resources[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const template = (name: string): object => ({
  tosca_definitions_version: "tosca_simple_yaml_1_0",
  topology_template: {
    node_templates: {
      a: {
        type: "tosca.nodes.indigo.KubernetesObject",
        properties: { spec: { apiVersion: "v1", kind: "ConfigMap", metadata: { name } } },
      },
    },
  },
});

let counter = 0;

/** An application of its own, and what a reconcile of it comes to. */
async function stage(spec: object, fetchSource: SourceFetch = unreachable) {
  const name = `app-${(counter += 1)}`;
  const ref = { namespace: "team", name };
  const body = (fields: object) =>
    readInput(anyKind(ApplicationKind), { metadata: { name }, spec: { manifest: [], ...fields } });
  await repository.create(body(spec), "team");
  const world: TranslationWorld = {
    repository,
    clock: systemClock,
    fetchSource,
    wrote: () => undefined,
  };
  const read = async (): Promise<Application> => await repository.mustGet(ref);
  const { signal } = new AbortController();
  return {
    read,
    put: async (fields: object) => await repository.update(ref, body(fields)),
    run: async (more: Partial<TranslationWorld> = {}) => {
      const work = { key: refText(ref), app: await read(), signal };
      return await translateApplication({ ...world, ...more }, work);
    },
    told: async () => {
      const found = conditionOf((await read()).status.conditions, "Translated");
      return found && [found.status, found.reason, found.message].join(" ").trim();
    },
    names: async () => (await read()).spec.manifest.map(({ metadata }) => metadata),
  };
}

const unreachable: SourceFetch = async () => {
  throw failure("Unavailable", "nobody is there");
};

it("writes the manifest once, and has nothing to do after that", async () => {
  const app = await stage({ tosca: template("a") });
  expect(await app.run()).toEqual({});
  expect(await app.names()).toEqual([{ name: "a" }]);
  expect(await app.told()).toBe("Unknown Translating");
  expect(await app.run()).toBeUndefined();
  expect(await app.told()).toBe("True Translated");
  const { resource_version: version } = (await app.read()).metadata;
  expect(await app.run()).toBeUndefined();
  expect((await app.read()).metadata.resource_version).toBe(version);
});

it("does the same again after a crash between the two writes", async () => {
  const app = await stage({ tosca: template("a") });
  await app.run();
  await app.put({ tosca: template("b"), manifest: (await app.read()).spec.manifest });
  const crash = { updateStatus: repository.updateStatus.bind(repository), update: failing };
  await expect(app.run({ repository: crash })).rejects.toThrow("the power is gone");
  expect(await app.names()).toEqual([{ name: "a" }]);
  expect(await app.run()).toEqual({});
  expect(await app.names()).toEqual([{ name: "b" }]);
  expect((await app.read()).status.translations).toHaveLength(2);
});

async function failing(): Promise<never> {
  throw new Error("the power is gone");
}

it("writes nothing over what somebody changed meanwhile", async () => {
  const app = await stage({ csar: "http://files/a.csar" });
  const fetchSource: SourceFetch = async () => {
    await app.put({ tosca: template("newer") });
    throw failure("Timeout", "too late");
  };
  expect(await app.run({ fetchSource })).toEqual({ failed: true });
  expect(await app.run()).toEqual({});
  expect(await app.names()).toEqual([{ name: "newer" }]);

  const other = await stage({ tosca: template("old") });
  const update: TranslationWorld["repository"]["update"] = async (...args) => {
    await other.put({ tosca: template("new") });
    return await repository.update(...args);
  };
  const updateStatus = repository.updateStatus.bind(repository);
  expect(await other.run({ repository: { update, updateStatus } })).toEqual({ failed: true });
  expect(await other.names()).toEqual([]);
});

it.each<[ErrorCode, object, string]>([
  ["Unavailable", { failed: true }, "Unknown INVALID_TOSCA_MANIFEST why"],
  ["Timeout", { failed: true }, "Unknown INVALID_TOSCA_MANIFEST why"],
  [
    "Forbidden",
    { failed: true, mostMs: limits.refusedRetryMs },
    "False INVALID_TOSCA_MANIFEST why",
  ],
  ["TooLarge", { failed: true, mostMs: limits.refusedRetryMs }, "False INVALID_TOSCA_MANIFEST why"],
])("tells of a fetch that fails with %s, and comes back", async (code, result, told) => {
  const app = await stage({ tosca: "http://files/a.yaml" }, async () => {
    throw failure(code, "why");
  });
  expect(await app.run()).toEqual(result);
  expect(await app.told()).toBe(told);
  // Another try does not hide what the last one came to.
  const { resource_version: version } = (await app.read()).metadata;
  expect(await app.run()).toEqual(result);
  expect((await app.read()).metadata.resource_version).toBe(version);
});

it("waits for another template where the one that stands there is wrong", async () => {
  const app = await stage({ tosca: { ...template("a"), imports: ["http://x/y.yaml"] } });
  expect(await app.run()).toEqual({});
  expect(await app.told()).toMatch(
    /^False INVALID_TOSCA_MANIFEST imports\[0\]: http:\/\/x\/y\.yaml is not/,
  );
  await app.put({ tosca: template("a") });
  expect(await app.run()).toEqual({});
  expect(await app.run()).toBeUndefined();
  expect(await app.told()).toBe("True Translated");
});

it("holds what comes out to the rules of a manifest, with what stands beside it", async () => {
  const observed = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b" } };
  const app = await stage({ tosca: template("a"), observer_schema: [observed] });
  expect(await app.run()).toEqual({});
  expect(await app.told()).toMatch(/^False INVALID_TOSCA_MANIFEST spec\.observer_schema/);
  expect(await app.names()).toEqual([]);
});

it("says nothing of applications without a template, and no longer when it has gone", async () => {
  const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "own" } }];
  const app = await stage({ manifest });
  expect(await app.run()).toBeUndefined();
  expect(await app.told()).toBeUndefined();
  await app.put({ manifest: [], tosca: template("a") });
  await app.run();
  await app.run();
  await app.put({ manifest });
  expect(await app.run()).toBeUndefined();
  expect(await app.told()).toBeUndefined();
});

it("throws on what is neither the template's fault nor the network's", async () => {
  const app = await stage({ tosca: "http://files/a.yaml" }, failing);
  const thrown = await app.run().catch((error: unknown) => error);
  expect(isFailure(thrown)).toBe(false);
  expect(await app.told()).toBe("Unknown Translating");
});
