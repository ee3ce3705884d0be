import type { Application } from "@octoplane/kinds/application";
import type { Snapshot } from "@octoplane/placement/snapshot";
import { lookAround, placesOf } from "./look.ts";
import { askedOf } from "./service.ts";

/** How much better than where they are applications could be, if everything were known and moving cost nothing. */
export class RegretBook {
  #sum = 0;
  #count = 0;

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** `truth` has the clusters as they really are, whatever is known of them. */
  take(app: Application, truth: Snapshot): void {
    const regret = regretOf(app, truth);
    if (regret === undefined) return;
    this.#sum += regret;
    this.#count += 1;
  }
}

/** `undefined` for one that may not move, or where spreading decides more than scores. */
function regretOf(app: Application, truth: Snapshot): number | undefined {
  if (!app.spec.constraints.migration || app.spec.placement?.copies?.spread) return undefined;
  const places = placesOf(app);
  const asked = askedOf(app);
  if (places.length < asked) return undefined;
  const { fitting, scoreOf } = lookAround(app, truth);
  if (fitting.length < asked) return undefined;
  const best = fitting.slice(0, asked).reduce((total, { score }) => total + score, 0);
  const own = places.reduce((total, place) => total + (scoreOf(place) ?? 0), 0);
  return Math.max(0, best - own) / asked;
}
