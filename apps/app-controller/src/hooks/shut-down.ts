import { findServed } from "@octoplane/delivery/find-served";
import type { Application, Copy } from "@octoplane/kinds/application";
import type { CopyShutdown } from "@octoplane/kinds/application-copy";
import { hooksOf } from "@octoplane/kinds/application-hook";
import { KubeError } from "@octoplane/kube/kube";
import { sameRef } from "@octoplane/resources/record";
import { isDone, withCopies } from "@octoplane/resources/shutdown";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "../app-world.ts";
import { serviceAddresses, servicesText } from "../service-addresses.ts";
import type { StatusWriter } from "../status-writer.ts";
import type { ShutdownTarget } from "./shutdown-request.ts";
import { shutdownRules, shutdownStep } from "./shutdown-step.ts";

/** The Service at which an application listens. */
const serviceName = "shutdown";

export interface ShutDown {
  /** As they are written down now. */
  readonly copies: readonly Copy[];
  readonly mayGo: (copy: Copy) => boolean;
  /** When to look again, if nobody answers before. */
  readonly waitMs: number | undefined;
}

/**
 * Asks copies that are to go to get ready, as far as their application wants to be asked (contract section 6.8). How far that has
 * come stands in the books, and what is asked of a copy is asked by whoever looks at them next.
 */
export async function shutDown(
  world: AppWorld,
  work: {
    readonly app: Application;
    readonly copies: readonly Copy[];
    readonly status: StatusWriter;
    readonly signal: AbortSignal;
  },
): Promise<ShutDown> {
  const { app, status, signal } = work;
  const record = async (copy: Copy): Promise<void> =>
    await status.write((current) => {
      const copies = current.copies.map((one) => (sameRef(one.cluster, copy.cluster) ? copy : one));
      return withCopies(app, { ...current, copies }, isoTime(world.clock.now()));
    });
  const going = new Set<Copy>();
  const waits: number[] = [];
  const copies = await Promise.all(
    work.copies.map(async (copy) => {
      const { known, verdict } = await step(world, { app, copy, record, signal });
      if (verdict === "go") going.add(known);
      else if (verdict !== "stay") waits.push(verdict);
      return known;
    }),
  );
  return {
    copies,
    mayGo: (copy) => going.has(copy),
    waitMs: waits.length === 0 ? undefined : Math.max(1, Math.min(...waits)),
  };
}

interface Farewell {
  readonly app: Application;
  readonly copy: Copy;
  readonly record: (copy: Copy) => Promise<void>;
  readonly signal: AbortSignal;
}

/** `verdict`: it may go, it stays, or for how many milliseconds it is waited for. */
async function step(
  world: AppWorld,
  work: Farewell,
): Promise<{ readonly known: Copy; readonly verdict: "go" | "stay" | number }> {
  const { app, copy, record } = work;
  if (!isAsked(world, app, copy)) return { known: copy, verdict: "go" };
  const rules = shutdownRules(app, world.hooks.shutdown);
  const next = shutdownStep(copy.shutdown, rules, world.clock.now());
  if (next.type === "wait") return { known: copy, verdict: next.forMs };
  if (next.type !== "ask" && next.type !== "end") return { known: copy, verdict: next.type };
  const noted = { ...copy, shutdown: next.shutdown };
  await record(noted);
  if (next.type === "end") {
    return { known: noted, verdict: next.shutdown.state === "expired" ? "go" : "stay" };
  }
  const message = await ask(world, { ...work, copy: noted });
  // The grace time begins when it has been asked.
  const until = world.clock.now() + rules.graceMs;
  const shutdown: CopyShutdown = {
    ...next.shutdown,
    sent: true,
    until: isoTime(until),
    message: `${message} (attempt ${next.shutdown.attempt} of ${rules.retries + 1})`,
  };
  const asked = { ...copy, shutdown };
  await record(asked);
  return { known: asked, verdict: rules.graceMs };
}

/** What never stood in full has nothing to get ready, and what is done has said so. */
function isAsked(world: AppWorld, app: Application, copy: Copy): boolean {
  if (!hooksOf(app.spec).includes("shutdown") || isDone(app.status.conditions)) return false;
  return copy.generation > 0 && world.clusterUid(copy.cluster) === copy.cluster_uid;
}

/** Sends the request, and tells what came of it. */
async function ask(world: AppWorld, { copy, signal }: Farewell): Promise<string> {
  const { name } = copy.cluster;
  const target = await targetOn(world, copy, signal);
  const problem = typeof target === "string" ? target : await world.requestShutdown(target, signal);
  const text =
    problem === undefined
      ? `the application on ${name} was asked to get ready`
      : `the application on ${name} could not be asked to get ready: ${problem}`;
  return text.slice(0, limits.messageCharsMax);
}

/** Where the Service of a copy can be reached, or why it cannot. */
async function targetOn(
  world: AppWorld,
  copy: Copy,
  signal: AbortSignal,
): Promise<ShutdownTarget | string> {
  const outage = world.outage(copy.cluster);
  if (outage !== undefined) return outage;
  const item = copy.objects.find(
    ({ group, kind, name }) => group === "" && kind === "Service" && name === serviceName,
  );
  if (item === undefined) return `it has no Service ${serviceName}`;
  try {
    const view = await world.view(copy.cluster);
    const { kinds } = await view.served([item], signal);
    const served = findServed(kinds, item);
    if (typeof served === "string") return served;
    const place = item.namespace === null ? {} : { namespace: item.namespace };
    const object = await view.kube.get({ served, name: item.name, ...place }, signal);
    if (object === undefined) return `its Service ${serviceName} is not there`;
    const { server } = view.kube;
    const address = servicesText([serviceAddresses(object)], server)[serviceName];
    if (address === undefined) {
      return `its Service ${serviceName} cannot be reached from outside (expected a NodePort or a LoadBalancer)`;
    }
    if (address.includes("<pending>")) return `its Service ${serviceName} has no address yet`;
    return { address, clusterHost: new URL(server).hostname };
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return error.message;
  }
}
