import { createHash } from "node:crypto";
import type { Application } from "@octoplane/kinds/application";
import type { Cluster } from "@octoplane/kinds/cluster";
import { candidateOf } from "@octoplane/placement/candidate";
import { limits } from "@octoplane/shared/limits";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { CalendarView, planCalendar, type Calendar } from "./calendar.ts";
import { Field, type Ground } from "./field.ts";
import type { Figures } from "./figures.ts";
import { dayStart, planFleet, type FleetPlan } from "./fleet-plan.ts";
import { Ledger } from "./ledger.ts";
import { lookAround } from "./look.ts";
import { keyOf, PlacementLoop, type LoopSettings } from "./placement-loop.ts";
import { policiesOf } from "./policies.ts";
import { RegretBook } from "./regret.ts";
import { ServiceBook } from "./service.ts";
import { Sites } from "./sites.ts";
import { Telemetry } from "./telemetry.ts";
import { Weather } from "./weather.ts";
import { planWorkload, type AppPlan } from "./workload.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly days: number;
  readonly stepSeconds: number;
  readonly clusters: number;
  readonly applications: number;
  /** False: policies keep their objectives and lose whatever holds a move. */
  readonly isCalm: boolean;
  /** False: everybody is decided on at every step. */
  readonly isSelective: boolean;
  /** Whether everybody is decided on once more at the end of every step, to find whom nobody woke. */
  readonly checksWaking: boolean;
}

const minuteMs = 60_000;
const regretMinutes = 10;

/** Runs the simulated time from its first step to its last: the same options give the same figures, to the bit. */
export function simulate(options: SimulationOptions): Figures {
  using simulation = new Simulation(options);
  return simulation.run();
}

class Simulation implements Disposable {
  readonly #options: SimulationOptions;
  readonly #plan: FleetPlan;
  readonly #calendar: Calendar;
  readonly #view: CalendarView;
  readonly #workload: readonly AppPlan[];
  readonly #plans: ReadonlyMap<string, AppPlan>;
  readonly #clock = new VirtualClock(dayStart);
  readonly #weather: Weather;
  readonly #telemetry: Telemetry;
  readonly #sites: Sites;
  readonly #field = new Field();
  readonly #settings: LoopSettings;
  readonly #ledger: Ledger;
  readonly #service = new ServiceBook();
  readonly #regret = { all: new RegretBook(), policies: new RegretBook() };
  readonly #trace = createHash("sha256");
  readonly #broken: string[] = [];
  readonly #brakes: { from: number; to: number }[] = [];
  #loop: PlacementLoop;
  /** Each cluster and its readings as the scheduler has seen them last. */
  readonly #shown = new Map<string, { readonly cluster: Cluster; readonly text: string }>();
  #decisions = 0;
  #lateCount = 0;
  /** Whom nobody had woken at the last step. */
  #late: ReadonlySet<string> = new Set();

  constructor(options: SimulationOptions) {
    const { seed, days, isCalm, isSelective } = options;
    this.#options = options;
    this.#plan = planFleet(seed, options.clusters);
    this.#calendar = planCalendar(seed, days, this.#plan);
    this.#view = new CalendarView(this.#calendar);
    const clusters = this.#plan.clusters.map(({ cluster }) => cluster.metadata.name);
    this.#workload = planWorkload(seed, { count: options.applications, days, clusters });
    this.#plans = new Map(this.#workload.map((plan) => [keyOf(plan.app), plan]));
    this.#weather = new Weather(seed, this.#plan);
    this.#telemetry = new Telemetry(this.#plan, this.#view, this.#weather);
    this.#sites = new Sites(this.#plan, this.#view);
    this.#settings = {
      stickiness: 0.1,
      rescheduleAfterMs: limits.rescheduleAfterMs,
      movesPerHour: isCalm
        ? { application: 4, cluster: 20, fleet: 90 }
        : { application: 1_000, cluster: 10_000, fleet: 100_000 },
      brake: { share: 0.3, least: 3, windowMs: limits.brakeWindowMs, holdMs: limits.brakeHoldMs },
      policies: policiesOf(isCalm),
      isSelective,
    };
    this.#ledger = new Ledger(this.#settings);
    this.#loop = new PlacementLoop(this.#plan, this.#clock, this.#settings);
  }

  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
  }

  run(): Figures {
    const stepMs = this.#options.stepSeconds * 1_000;
    const end = dayStart + this.#options.days * 1_440 * minuteMs;
    while (this.#clock.now() < end && this.#broken.length < 100) {
      this.#step(stepMs);
      this.#clock.advance(stepMs);
    }
    return this.#figures();
  }

  #step(stepMs: number): void {
    const now = this.#clock.now();
    const minute = (now - dayStart) / minuteMs;
    if (this.#calendar.restarts.includes(minute)) this.#restart();
    this.#comeAndGo(minute, minute + stepMs / minuteMs);
    const ground = this.#groundAt(minute);
    for (const [key, app] of this.#loop.apps) {
      const next = this.#field.reconcile(this.#plans.get(key)!, app, ground);
      if (next !== app) this.#loop.putApplication(next);
    }
    this.#weather.advance(minute);
    this.#telemetry.fetch(now, minute);
    this.#lookAtClusters(minute, now);
    const placed = this.#loop.run();
    if (placed === undefined) this.#broken.push(`decisions come to no end at minute ${minute}`);
    for (const one of placed ?? []) {
      const { brake } = this.#loop;
      this.#ledger.take(one, { brake, now });
      const { outcome, chosen, places } = one.decision;
      const where = places?.map(({ name }) => name) ?? chosen?.name;
      this.#trace.update(JSON.stringify([now, keyOf(one.app), outcome, where]));
    }
    this.#noteBrake(minute, now);
    if (this.#options.checksWaking) this.#checkWaking(minute);
    this.#checkCapacity(minute);
    this.#lookAtService(ground, stepMs);
    if (minute % regretMinutes === 0 && minute >= 60) this.#lookAtRegret(now);
  }

  /** The scheduler is started anew: what it knows stands in what was written. */
  #restart(): void {
    const before = this.#loop;
    this.#decisions += before.decisions;
    before[Symbol.dispose]();
    this.#loop = new PlacementLoop(this.#plan, this.#clock, this.#settings);
    const now = this.#clock.now();
    for (const cluster of this.#sites.clusters.values()) {
      this.#loop.putCluster(cluster, this.#telemetry.readings(cluster, now));
    }
    for (const app of before.apps.values()) this.#loop.putApplication(app);
    this.#ledger.restart(new Set(before.apps.keys()));
  }

  #comeAndGo(from: number, to: number): void {
    const isNow = (minute: number): boolean => minute >= from && minute < to;
    for (const { app, comes, goes, changes } of this.#workload) {
      const key = keyOf(app);
      if (isNow(comes)) this.#loop.putApplication(app);
      const current = this.#loop.apps.get(key);
      if (!current) continue;
      if (isNow(goes)) this.#remove(key, current);
      else if (changes && isNow(changes.at)) {
        const metadata = { ...current.metadata, generation: current.metadata.generation + 1 };
        this.#loop.putApplication({ ...current, metadata, spec: changes.spec });
      }
    }
  }

  #remove(key: string, app: Application): void {
    this.#loop.removeApplication(key);
    this.#field.remove(app);
    this.#service.forget(app.metadata.name);
  }

  #groundAt(minute: number): Ground {
    const isDead = (cluster: string): boolean => this.#view.has("dead", cluster, minute);
    const troubled = this.#plan.clusters
      .map(({ cluster }) => cluster.metadata.name)
      .filter((name) => isDead(name) || this.#view.has("cut", name, minute));
    return {
      now: this.#clock.now(),
      version: troubled.map((name) => `${name} ${isDead(name)}`).join(" "),
      isAlive: (cluster) => !isDead(cluster),
      isReachable: (cluster) => !isDead(cluster) && !this.#view.has("cut", cluster, minute),
    };
  }

  #lookAtClusters(minute: number, now: number): void {
    const requested = this.#field.requested(this.#loop.apps);
    this.#sites.look(minute, now, requested);
    const readings = (cluster: Cluster) => this.#telemetry.readings(cluster, now);
    for (const cluster of this.#sites.clusters.values()) {
      const { name } = cluster.metadata;
      const read = readings(cluster);
      const text = JSON.stringify(read.map((one) => (one.ok ? one.raw : one.code)));
      const before = this.#shown.get(name);
      // Nobody hears of what is as it was.
      if (before?.cluster === cluster && before.text === text) continue;
      this.#loop.putCluster(cluster, read);
      // What the scheduler writes of it comes back to it.
      const written = this.#sites.write(cluster, read, now);
      if (written) this.#loop.putCluster(written, readings(written));
      this.#shown.set(name, { cluster: written ?? cluster, text });
    }
  }

  #noteBrake(minute: number, now: number): void {
    const isOn = (this.#loop.brake?.until ?? 0) > now;
    const last = this.#brakes.at(-1);
    if (isOn && last?.to === minute) last.to = minute + this.#options.stepSeconds / 60;
    else if (isOn) this.#brakes.push({ from: minute, to: minute + this.#options.stepSeconds / 60 });
  }

  /**
   * What others decide in the same moment frees room, or takes it, and wakes only those who have no place: for all others that is
   * seen when it was counted, at the next step.
   */
  #checkWaking(minute: number): void {
    const missed = this.#loop.missed();
    const before = this.#late;
    this.#late = new Set(missed.map(({ app }) => keyOf(app)));
    for (const { app, decision } of missed) {
      this.#lateCount += 1;
      const key = keyOf(app);
      if (!before.has(key)) continue;
      const { outcome, chosen, reason } = decision;
      this.#broken.push(
        `minute ${minute}: nobody woke ${key} (${outcome} to ${chosen?.name}: ${reason.message}), ` +
          `of which was said ${this.#loop.said.get(key)}`,
      );
    }
  }

  #checkCapacity(minute: number): void {
    for (const what of this.#sites.exceeded(this.#field.requested(this.#loop.apps, "came"))) {
      this.#broken.push(`minute ${minute}: ${what}`);
    }
  }

  #lookAtService(ground: Ground, stepMs: number): void {
    const { now } = ground;
    const isBraked = (this.#loop.brake?.until ?? 0) > now;
    for (const [key, app] of this.#loop.apps) {
      const plan = this.#plans.get(key)!;
      this.#service.look(plan, app, {
        now,
        stepMs,
        isBraked,
        serving: this.#field.serving(plan, ground),
        fitting: () => lookAround(app, this.#loop.snapshot(app, now)).fitting.length,
        isFine: (cluster) => ground.isReachable(cluster),
      });
    }
  }

  #lookAtRegret(now: number): void {
    const candidates = [...this.#sites.clusters.values()]
      .map((cluster) => candidateOf(cluster, this.#telemetry.truth(cluster, now)))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const app of this.#loop.apps.values()) {
      const truth = this.#loop.snapshot(app, now, candidates);
      this.#regret.all.take(app, truth);
      if (app.spec.placement?.policy !== undefined) this.#regret.policies.take(app, truth);
    }
  }

  #figures(): Figures {
    const { entries, byReason, byApp, most, placements } = this.#ledger;
    const { seed, days, isCalm } = this.#options;
    const hasPolicy = (key: string): boolean =>
      this.#plans.get(key)?.app.spec.placement?.policy !== undefined;
    const ends = this.#brakes.map(({ to }) => dayStart + to * minuteMs);
    return {
      seed,
      days,
      isCalm,
      placements,
      most,
      moves: entries.length,
      movesOfPolicies: entries.filter(({ key }) => hasPolicy(key)).length,
      byReason: Object.fromEntries([...byReason].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      mostOfOne: Math.max(0, ...byApp.values()),
      decisions: this.#decisions + this.#loop.decisions,
      late: this.#lateCount,
      downMinutes: this.#service.downMs / minuteMs,
      missingMinutes: this.#service.missingMs / minuteMs,
      longestMinutes: this.#service.longestMs / minuteMs,
      regret: this.#regret.all.mean,
      regretOfPolicies: this.#regret.policies.mean,
      outages: this.#calendar.outages,
      brakes: this.#brakes,
      afterBrake: ends.map((at) => this.#ledger.between(at, at + 60 * minuteMs)),
      trace: this.#trace.digest("hex"),
      broken: [...this.#broken, ...this.#ledger.broken, ...this.#service.broken],
    };
  }
}
