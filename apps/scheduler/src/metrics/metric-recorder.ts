import {
  saysTheSame,
  writeMetricValue,
  type MetricObservation,
} from "@octoplane/resources/metric-values";
import type { Resources } from "@octoplane/resources/resources";
import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Observed } from "./observation.ts";

export interface RecorderOptions {
  readonly store: Resources["parts"]["store"];
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: () => readonly Observed[];
}

interface Written {
  readonly observation: MetricObservation;
  readonly at: number;
}

/**
 * Writes down what is known of every metric, for those who ask the API: when it says something new, and now and then so that
 * its age can be told. Never more often than its own beat, however often values change. What could not be written is
 * written at the next beat.
 */
export class MetricRecorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  readonly #written = new Map<string, Written>();
  #timer: (() => void) | undefined;
  #working: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(limits.metricRecordsMs, () => {
      this.#working = this.#work().finally(() => this.start());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#timer?.();
    await this.#working;
  }

  async #work(): Promise<void> {
    const now = this.#options.clock.now();
    const all = this.#options.observe();
    const present = new Set(all.map(({ metric }) => metric.metadata.uid));
    for (const uid of this.#written.keys()) if (!present.has(uid)) this.#written.delete(uid);
    const due = all.filter((observed) => this.#isDue(observed, now)).values();
    const work = async (): Promise<void> => {
      for (const observed of due) await this.#write(observed, now);
    };
    await Promise.all(Array.from({ length: limits.metricRecordsParallelMax }, work));
  }

  #isDue({ metric, observation }: Observed, now: number): boolean {
    const before = this.#written.get(metric.metadata.uid);
    if (!before || !saysTheSame(before.observation, observation)) return true;
    const isLater = before.observation.time !== observation.time;
    return isLater && now - before.at >= limits.metricRecordFreshMs;
  }

  async #write({ kind, metric, observation }: Observed, now: number): Promise<void> {
    const { store, log } = this.#options;
    const { uid, name, namespace } = metric.metadata;
    if (this.#isStopped) return;
    try {
      if (await writeMetricValue(store, kind, metric, observation)) {
        this.#written.set(uid, { observation, at: now });
      }
    } catch (error) {
      log.warn({ kind: kind.kind, namespace, name, err: error }, "metric value not written down");
    }
  }
}
