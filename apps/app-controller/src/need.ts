import type { Application } from "@octoplane/kinds/application";
import { setCondition } from "@octoplane/kinds/condition";
import type { Result } from "@octoplane/reconcile/controller";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { AppWorld } from "./app-world.ts";
import type { WaitsFor } from "./apply-state.ts";
import { StatusWriter } from "./status-writer.ts";

/** Applications that must run before another one is applied for the first time; what runs already is never taken down for it. */

export interface NamedApplication {
  readonly namespace: string;
  readonly name: string;
}

/** What an application waits for, with the state of each: namespaces that are left out are its own. Pure. */
export function needsOf({ metadata, spec }: Application): readonly NamedApplication[] {
  return (spec.delivery?.depends_on ?? []).map(({ name, namespace }) => ({
    name,
    namespace: namespace ?? metadata.namespace ?? "",
  }));
}

/** The first need that is not met, in words. Pure but for what the world knows. */
export function unmetNeed(
  world: Pick<AppWorld, "application">,
  app: Application,
): WaitsFor | undefined {
  for (const need of needsOf(app)) {
    const other = world.application(need);
    const title = `application ${need.namespace}/${need.name}`;
    if (other === undefined) return waits(`waits for ${title}, which is not there`);
    const circle = circleFrom(world, app, need);
    if (circle) return waits(`waits for ${title}, which waits for it (${circle.join(" > ")})`);
    const { state } = other.status;
    const isThere = other.metadata.deleted === null && doneStates.has(state);
    if (!isThere) return waits(`waits for ${title}, which is ${state}`);
  }
  return undefined;
}

const doneStates = new Set(["RUNNING", "COMPLETED"]);

function waits(message: string): WaitsFor {
  return { reason: "WaitsFor", message: message.slice(0, limits.messageCharsMax) };
}

/** The way from a need back to the application itself, if there is one. No recursion: chains may be long. */
function circleFrom(
  world: Pick<AppWorld, "application">,
  { metadata }: Application,
  start: NamedApplication,
): readonly string[] | undefined {
  const target = keyOf({ name: metadata.name, namespace: metadata.namespace ?? "" });
  const neededBy = new Map<string, string>();
  const queue = [{ need: start, by: target }];
  for (const { need, by } of queue) {
    const key = keyOf(need);
    if (key === target) return wayTo(by, { target, neededBy });
    const other = neededBy.has(key) ? undefined : world.application(need);
    neededBy.set(key, neededBy.get(key) ?? by);
    if (other) queue.push(...needsOf(other).map((next) => ({ need: next, by: key })));
  }
  return undefined;
}

function wayTo(
  last: string,
  found: { readonly target: string; readonly neededBy: ReadonlyMap<string, string> },
): readonly string[] {
  const { target, neededBy } = found;
  const way = [target];
  for (let at = last; at !== target; at = neededBy.get(at) ?? target) way.push(at);
  return [...way, target].toReversed();
}

function keyOf({ namespace, name }: NamedApplication): string {
  return `${namespace}/${name}`;
}

/** Says what is waited for. Whoever changes wakes those that wait. */
export async function waitForNeed(
  world: AppWorld,
  { key, app, wait }: { readonly key: string; readonly app: Application; readonly wait: WaitsFor },
): Promise<Result> {
  const finding = {
    type: "Applied",
    status: "Unknown",
    ...wait,
    observed_generation: app.metadata.generation,
  } as const;
  const now = isoTime(world.clock.now());
  await new StatusWriter(world, key, app).write((status) => ({
    ...status,
    conditions: [...setCondition(status.conditions, finding, now)],
  }));
  return {};
}
