import type { Application } from "@octoplane/kinds/application";
import { limits } from "@octoplane/shared/limits";
import { placesOf } from "./look.ts";
import type { AppPlan } from "./workload.ts";

/** What a look at one application at one step found. */
export interface Service {
  readonly now: number;
  readonly stepMs: number;
  /** On how many clusters it really does its work. */
  readonly serving: number;
  /** True when nothing may be done about it: the brake is on. */
  readonly isBraked: boolean;
  /** How many clusters would take it; asked only when it matters. */
  fitting(): number;
  /** True when a cluster that it belongs on is neither dead nor out of reach. */
  isFine(cluster: string): boolean;
}

interface Track {
  wasServed: boolean;
  /** Since when it could be served as it asks for, and is not. */
  lacksSince: number | undefined;
  /** The clusters that it belonged on at the last step, and whether each was fine then. */
  fine: ReadonlyMap<string, boolean>;
}

/** How long applications were without any healthy copy, or with fewer than they ask for, and whether that had to be. */
export class ServiceBook {
  /** In milliseconds, over all applications that had been served before. */
  downMs = 0;
  /** Missing copies times the time that they were missing. */
  missingMs = 0;
  /** The longest time that an application waited although it could have been served. */
  longestMs = 0;
  readonly broken: string[] = [];
  readonly #tracks = new Map<string, Track>();

  look(plan: AppPlan, app: Application, service: Service): void {
    const { now, stepMs, serving } = service;
    const { name } = app.metadata;
    const track = this.#tracks.get(name) ?? {
      wasServed: false,
      lacksSince: undefined,
      fine: new Map(),
    };
    this.#tracks.set(name, track);
    const asked = askedOf(app);
    if (serving > 0) track.wasServed = true;
    else if (track.wasServed) this.downMs += stepMs;
    if (track.wasServed) this.missingMs += Math.max(0, asked - serving) * stepMs;
    const places = placesOf(app);
    const fine = new Map(places.map((place) => [place, service.isFine(place)]));
    // Where it was sent may die in turn, and then it begins anew.
    const isHit = [...track.fine].some(([place, was]) => was && !service.isFine(place));
    track.fine = fine;
    if (serving >= asked || this.#isExcused(app, { service, asked, isHit, places })) {
      track.lacksSince = undefined;
      return;
    }
    track.lacksSince ??= now;
    const lacksMs = now - track.lacksSince;
    this.longestMs = Math.max(this.longestMs, lacksMs);
    const mostMs = allowedMs(plan, stepMs);
    if (lacksMs > mostMs && lacksMs <= mostMs + stepMs) {
      this.broken.push(
        `${name} had ${serving} of ${asked} copies for ${lacksMs / 60_000} min at ${new Date(now).toISOString()} ` +
          `(belongs on ${places.join(", ")}), and other clusters would take it`,
      );
    }
  }

  forget(name: string): void {
    this.#tracks.delete(name);
  }

  #isExcused(
    app: Application,
    found: {
      readonly service: Service;
      readonly asked: number;
      readonly isHit: boolean;
      readonly places: readonly string[];
    },
  ): boolean {
    const { service, asked, isHit, places } = found;
    if (service.isBraked || isHit) return true;
    if (places.length > 0 && !app.spec.constraints.migration) return true;
    const fine = places.filter((place) => service.isFine(place)).length;
    // Where copies are spread, more clusters may fit than may be used.
    const isSpread = app.spec.placement?.copies?.spread !== undefined;
    if (isSpread && places.length < asked && fine === places.length) return true;
    return service.fitting() < asked;
  }
}

export function askedOf({ spec }: Application): number {
  const count = spec.placement?.copies?.count ?? 1;
  return count === "all" ? limits.copiesMax : count;
}

/** Its objects stand, its Pods start, two steps until everybody has seen it; and a move that fails has its time, too. */
function allowedMs(plan: AppPlan, stepMs: number): number {
  const startMs = (plan.startMinutes + 1) * 60_000 + 3 * stepMs;
  return startMs + plan.bad.size * (limits.migrationTimeoutMs + startMs);
}
