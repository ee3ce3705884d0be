import { Writable } from "node:stream";
import { Resources } from "@octoplane/resources/resources";
import { Sealer } from "@octoplane/resources/sealer";
import { readInput, type Input } from "@octoplane/kinds/read-input";
import type { AnyKind } from "@octoplane/kinds/kind";
import { anyKind } from "@octoplane/kinds/kind";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { systemClock } from "@octoplane/shared/clock";
import { isFailure, type ErrorCode } from "@octoplane/shared/errors";
import { openLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import type { StoreOptions } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";

/** Resources over a store for one test, with what was logged, and a clock that a test may stop. */
export interface Bench extends AsyncDisposable {
  readonly store: Store;
  readonly resources: Resources;
  readonly sealer: Sealer;
  /** Everything that was logged, as it was written. */
  logged(): string;
  /** From now on it is always this moment. */
  stopClock(ms: number): void;
  /** Empties the store. */
  clear(): Promise<void>;
  /** More resources over the same store, as another process has them. */
  another(sealer?: Sealer): Resources;
}

export type OpenBench = (options?: StoreOptions) => Promise<Bench>;

export function openBench(store: Store): Bench {
  let text = "";
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = openLog("test", "debug", sink);
  let stopped: number | undefined;
  const clock = { ...systemClock, now: () => stopped ?? systemClock.now() };
  const sealer = new Sealer(systemRandom.bytes(32), systemRandom);
  const all: Resources[] = [];
  const another = (other: Sealer = sealer): Resources => {
    const resources = new Resources({ store, sealer: other, clock, random: systemRandom }, log);
    all.push(resources);
    return resources;
  };
  return {
    store,
    resources: another(),
    sealer,
    another,
    logged: () => text,
    stopClock(ms) {
      stopped = ms;
    },
    async clear() {
      const { entries } = await store.list("/");
      for (let index = 0; index < entries.length; index += 100) {
        const writes = entries.slice(index, index + 100);
        await store.commit(
          [],
          writes.map(({ key }) => ({ key, remove: true })),
        );
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
      await store[Symbol.asyncDispose]();
    },
  };
}

export const namespace = "team";

export function input(kind: AnyKind, body: unknown): Input {
  return readInput(kind, body);
}

/** An application as a client sends it; `metadata` and `spec` add to it. */
export function applicationBody(
  name: string,
  more: { metadata?: object; spec?: object } = {},
): Input {
  const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } }];
  return readInput(anyKind(ApplicationKind), {
    metadata: { name, ...more.metadata },
    spec: { manifest, ...more.spec },
  });
}

export const secrets = {
  token: "t0ken-in-clear-9f31",
  key: Buffer.from("k3y-in-clear").toString("base64"),
};

/** A cluster with a token, a password and a key. */
export function clusterBody(
  name: string,
  user: object = {},
  server = "https://10.0.0.1:6443",
): Input {
  const certificate = Buffer.from("certificate").toString("base64");
  return readInput(anyKind(ClusterKind), {
    metadata: { name },
    spec: {
      kubeconfig: {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "c", cluster: { server } }],
        users: [
          {
            name: "u",
            user: {
              token: secrets.token,
              "client-certificate-data": certificate,
              "client-key-data": secrets.key,
              ...user,
            },
          },
        ],
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      },
    },
  });
}

/** What a client would send back of a resource that it has read. */
export function bodyOf(kind: AnyKind, resource: unknown): Input {
  return readInput(kind, JSON.parse(JSON.stringify(resource)));
}

/** The code of the error that a call ends with; `undefined` when it does not fail. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}
