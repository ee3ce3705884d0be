import { ApplicationKind } from "@octoplane/kinds/application";
import type { Event } from "@octoplane/kinds/event";
import { pause } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { eventTeller } from "../objects/watch-events.ts";
import { eventTable } from "../output/event-table.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import type { PlaceFlags } from "./show-pods.ts";

/** `rok kube app events`: what Octoplane did with an application, and what the cluster did with its objects. */

export interface EventFlags extends PlaceFlags {
  readonly watch?: boolean;
}

export async function showEvents({ args, options, session }: Call<EventFlags>): Promise<void> {
  const name = args[0] ?? "";
  const { cluster } = options;
  const events = await allEvents(session, name, cluster);
  if (options.watch !== true) {
    if (session.output === "table") printTable(session, eventTable(session, events));
    else await printValue(session, events);
    return;
  }
  await watchAll(session, name, { cluster, first: events });
}

async function watchAll(
  session: Session,
  name: string,
  { cluster, first }: { readonly cluster: string | undefined; readonly first: readonly Event[] },
): Promise<void> {
  const { clock, stop } = session.io;
  const isLeft = (): boolean => stop?.aborted === true;
  const tell = eventTeller(session);
  await tell(first);
  for (;;) {
    await pause(clock, limits.rokEventsPollMs, stop);
    if (isLeft()) return;
    try {
      await tell(await allEvents(session, name, cluster));
    } catch (error) {
      if (isFailure(error, "NotFound")) return session.note(oneLine(`${name}: gone`));
      if (!isFailure(error, "Unavailable")) throw error;
      session.note(oneLine(`rok: ${error.message}; trying again`));
    }
  }
}

async function allEvents(
  session: Session,
  name: string,
  cluster: string | undefined,
): Promise<readonly Event[]> {
  const objects = (await session.client()).of(ApplicationKind);
  const own = await objects.events({ name, namespace: await session.namespace() });
  const there = await clusterEvents(session, name, cluster);
  return [...own, ...there].toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** None of an application that runs nowhere; the name of a cluster that was given has to be right. */
export async function clusterEvents(
  session: Session,
  name: string,
  cluster: string | undefined,
): Promise<readonly Event[]> {
  const path = `${await applicationPath(session, name)}/cluster-events`;
  const { transport } = await session.client();
  try {
    const query = { cluster };
    return (await transport.json<{ items: readonly Event[] }>("GET", path, { query })).items;
  } catch (error) {
    if (cluster === undefined && isFailure(error, "NotFound")) return [];
    throw error;
  }
}
