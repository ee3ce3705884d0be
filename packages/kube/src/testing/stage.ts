import { messageOf } from "@octoplane/shared/errors";
import type { Clock } from "@octoplane/shared/clock";
import { systemClock } from "@octoplane/shared/clock";
import { connectKube, type ConnectOptions } from "../http-kube.ts";
import { KubeError, type Kube, type ObjectRef, type ServedKind } from "../kube.ts";
import { startScriptedServer, type Script, type ScriptedServer } from "./scripted-server.ts";

/** Clients of scripted servers, for tests of what the client does with unusual answers. */

export const token = "s3cret-token-of-the-user";

export const configMaps: ServedKind = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  namespaced: true,
  verbs: ["get", "list", "watch"],
};
export const ref: ObjectRef = { served: configMaps, namespace: "a", name: "m" };
export const object = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "m", namespace: "a" },
};

export function kubeconfigFor(server: string, user: object = { token }): object {
  return {
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "home" } }],
  };
}

export interface SceneOptions extends Partial<ConnectOptions> {
  readonly basePath?: string;
  readonly user?: object;
}

/** Opens servers and clients, and closes all of them at once. */
export class Stage {
  readonly #open: AsyncDisposable[] = [];

  async scene(
    script: Script,
    options: SceneOptions = {},
  ): Promise<{ readonly kube: Kube; readonly server: ScriptedServer }> {
    const server = await startScriptedServer(script);
    this.#open.push(server);
    const kubeconfig = kubeconfigFor(`${server.url}${options.basePath ?? ""}`, options.user);
    return { kube: this.connect(kubeconfig, options), server };
  }

  connect(kubeconfig: object, options: Partial<ConnectOptions> = {}): Kube {
    const kube = connectKube(kubeconfig, { clock: systemClock, ...options });
    this.#open.push(kube);
    return kube;
  }

  async clear(): Promise<void> {
    for (const part of this.#open.splice(0).toReversed()) await part[Symbol.asyncDispose]();
  }
}

/** The KubeError that the work must end with. */
export async function errorOf(work: Promise<unknown>): Promise<KubeError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof KubeError) return outcome;
  throw new Error(`expected a KubeError, found ${messageOf(outcome)}`);
}

/** A clock whose time passes when the test says so; network and promises run on as ever. */
export function steppedClock(): { readonly clock: Clock; readonly advance: (ms: number) => void } {
  let now = Date.UTC(2030, 0, 1);
  const waiting = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    clock: {
      now: () => now,
      monotonic: () => now,
      after(delayMs, callback) {
        const entry = { at: now + delayMs, callback };
        waiting.add(entry);
        return () => waiting.delete(entry);
      },
    },
    advance(ms) {
      now += ms;
      for (const entry of waiting) {
        if (entry.at > now || !waiting.delete(entry)) continue;
        entry.callback();
      }
    },
  };
}
