import type { Application } from "@octoplane/kinds/application";
import type { QuietHours } from "@octoplane/kinds/quiet-hours";
import type { PolicySpec } from "@octoplane/kinds/placement-policy";
import type { Brake } from "@octoplane/placement/calm";
import { movesOf } from "@octoplane/scheduler/record-decision";
import { keyOf, type LoopSettings, type Placed } from "./placement-loop.ts";

const hourMs = 3_600_000;

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

/**
 * All moves, and what the documents promise of them: counted here by themselves, from nothing but what was decided. What is
 * broken is told in words.
 */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly broken: string[] = [];
  /** By the reason of the decision. */
  readonly byReason = new Map<string, number>();
  readonly byApp = new Map<string, number>();
  placements = 0;
  /** The most that any hour saw: of all, out of or into one cluster, of one application. */
  readonly most = { fleet: 0, cluster: 0, application: 0 };
  readonly #settings: LoopSettings;
  /** Moves that the scheduler may count: those of applications that have gone are forgotten when it is started anew. */
  #counted: Entry[] = [];

  constructor(settings: LoopSettings) {
    this.#settings = settings;
  }

  take(
    { app, decision }: Placed,
    { brake, now }: { readonly brake: Brake | null; readonly now: number },
  ): void {
    if (decision.outcome === "placed") this.placements += 1;
    const key = keyOf(app);
    const moves = movesOf(decision);
    const { code } = decision.reason;
    const isHome =
      code === "MigrationFailed" && decision.chosen?.name === app.status.running_on?.name;
    if (brake !== null && brake.until > now && moves.length > 0 && !isHome) {
      this.broken.push(`${key} moved during the brake (${code})`);
    }
    for (const { from, to } of moves) {
      const entry = { key, at: now, from, to };
      if (code === "Best") this.#check(app, entry, decision);
      this.entries.push(entry);
      this.#counted.push(entry);
      this.byReason.set(code, (this.byReason.get(code) ?? 0) + 1);
      this.byApp.set(key, (this.byApp.get(key) ?? 0) + 1);
      this.#measure(entry);
    }
  }

  /** The scheduler is started anew and knows only the moves of those who are still there. */
  restart(keys: ReadonlySet<string>): void {
    this.#counted = this.#counted.filter(({ key }) => keys.has(key));
  }

  /** Moves between two moments. */
  between(from: number, to: number): number {
    return this.entries.filter(({ at }) => at >= from && at < to).length;
  }

  /** A move for metrics: nothing of what the policy and the settings say may speak against it. */
  #check(app: Application, entry: Entry, decision: Placed["decision"]): void {
    const { movesPerHour, rescheduleAfterMs, policies } = this.#settings;
    const { key, at, from, to } = entry;
    const policy: PolicySpec | undefined = policies.get(app.spec.placement?.policy ?? "");
    const say = (what: string): void => void this.broken.push(`${key} ${from} → ${to}: ${what}`);
    const perMs = policy?.budget === undefined ? hourMs : policy.budget.per * 1_000;
    const own = this.entries.filter((one) => one.key === key && one.at > at - perMs).length;
    if (own >= (policy?.budget?.moves ?? movesPerHour.application)) say("beyond its own budget");
    const recent = this.#recent(at);
    if (recent.filter((one) => one.from === from).length >= movesPerHour.cluster) {
      say("beyond the budget out of it");
    }
    if (recent.filter((one) => one.to === to).length >= movesPerHour.cluster) {
      say("beyond the budget into it");
    }
    if (recent.length >= movesPerHour.fleet) say("beyond the budget of all");
    const dwell = app.spec.reschedule_after ?? policy?.dwell;
    const dwellMs = dwell === undefined ? rescheduleAfterMs : dwell * 1_000;
    if (at < Date.parse(app.status.scheduled ?? "") + dwellMs) say("before its dwell is over");
    if ((policy?.quiet_hours ?? []).some((hours) => isQuiet(hours, at))) say("in its quiet hours");
    const scoreOf = (name: string) =>
      decision.candidates.find(({ cluster }) => cluster.name === name)?.score;
    const [here, there] = [scoreOf(from), scoreOf(to)];
    if (typeof here === "number" && typeof there === "number") {
      if (there - here < (policy?.minimum_gain ?? 0)) say(`for a gain of ${there - here}`);
    }
  }

  #measure({ key, at, from, to }: Entry): void {
    const recent = this.#recent(at);
    const count = (is: (one: Entry) => boolean): number => recent.filter(is).length;
    this.most.fleet = Math.max(this.most.fleet, recent.length);
    this.most.application = Math.max(
      this.most.application,
      count((one) => one.key === key),
    );
    const left = count((one) => one.from === from);
    this.most.cluster = Math.max(
      this.most.cluster,
      left,
      count((one) => one.to === to),
    );
  }

  #recent(at: number): readonly Entry[] {
    return this.#counted.filter((one) => one.at > at - hourMs);
  }
}

/** By the clocks of the place, as people read them; hours that go over midnight are none of ours. */
function isQuiet({ days, from, to, timezone }: QuietHours, at: number): boolean {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const clock = `${part("hour")}:${part("minute")}`;
  const isDay = days.some((day) => day === part("weekday").toLowerCase());
  return isDay && from <= clock && clock < to;
}
