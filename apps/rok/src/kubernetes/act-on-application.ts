import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { isName } from "@octoplane/kinds/metadata";
import { usageError } from "../exit-status.ts";
import { readImages, readReplicas, readWorkload } from "../input/workload-values.ts";
import type { Call } from "../leaf.ts";
import type { Session } from "../session.ts";
import { finish, readWish, type WaitFlags } from "./finish.ts";

/** What is done with an application after it was handed in; each prints what became of it. */

export interface ResetFlags extends WaitFlags {
  readonly reset?: readonly string[];
}

export interface StopFlags extends WaitFlags {
  readonly remove?: boolean;
}

export interface MigrateFlags extends WaitFlags {
  readonly to?: string;
  readonly anywhere?: boolean;
  readonly acceptDataLoss?: boolean;
}

/** `scale NAME web=5 …`; `--reset web` gives the manifest its word back. */
export async function scaleApplication(call: Call<ResetFlags>): Promise<number> {
  const asked = named(call).map(readReplicas);
  const reset = (call.options.reset ?? []).map((text) => ({
    ...readWorkload(text),
    replicas: null,
  }));
  const workloads = [...asked, ...reset];
  if (workloads.length === 0) throw usageError("expected a workload and its replicas: web=5");
  return await act(call, "scale", { workloads });
}

/** `set-image NAME web app=image:2 …`; `--reset app`. */
export async function setImage(call: Call<ResetFlags>): Promise<number> {
  const [workload = "", ...texts] = named(call);
  const reset = (call.options.reset ?? []).map((container) => [container, null]);
  const images = { ...readImages(texts), ...(Object.fromEntries(reset) as object) };
  if (Object.keys(images).length === 0) {
    throw usageError("expected a container and its image: app=registry.example.org/app:2");
  }
  return await act(call, "set-image", { workloads: [{ ...readWorkload(workload), images }] });
}

/** `restart NAME [web …]` and the like: without names, all that it can be done with. */
export async function actOnWorkloads(call: Call<WaitFlags>, action: string): Promise<number> {
  return await act(call, action, { workloads: named(call).map(readWorkload) });
}

export async function stopApplication(call: Call<StopFlags>): Promise<number> {
  return await act(call, "stop", { remove: call.options.remove === true });
}

export async function startApplication(call: Call<WaitFlags>): Promise<number> {
  return await act(call, "start", {});
}

export async function migrateApplication(call: Call<MigrateFlags>): Promise<number> {
  const { to, anywhere = false, acceptDataLoss = false } = call.options;
  if ((to === undefined) !== anywhere) throw usageError("expected one of --to and --anywhere");
  return await act(call, "migrate", { to: to ?? null, accept_data_loss: acceptDataLoss });
}

/** What stands behind the name of the application. */
function named({ args }: Call<object>): readonly string[] {
  return args.slice(1).filter((text) => text !== undefined);
}

async function act(call: Call<WaitFlags>, action: string, body: object): Promise<number> {
  const { args, options, session } = call;
  const wish = readWish(options, ["running", "reconciling", "completed"]);
  const path = `${await applicationPath(session, args[0] ?? "")}/${action}`;
  const { transport } = await session.client();
  const changed = await transport.json<Application>("POST", path, { body });
  return await finish(session, anyKind(ApplicationKind), changed, wish);
}

/** The path of an application, whose name was given on the command line. */
export async function applicationPath(session: Session, name: string): Promise<string> {
  return await objectPath(session, "applications", name);
}

/** The same for any kind of the namespace. */
export async function objectPath(session: Session, plural: string, name: string): Promise<string> {
  if (!isName(name)) throw usageError(`${JSON.stringify(name)} is no name`);
  const namespace = encodeURIComponent(await session.namespace());
  return `/kubernetes/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
}
