import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/**
 * The metrics of one process (Prometheus text format). Labels have few values: never a name, a namespace or a uid.
 * Every series of a fixed set exists from the start at zero, so that a missing one is never taken for "no errors".
 */
export class Metrics {
  readonly registry = new Registry();

  /** Adds the figures of the Node process itself: memory, event loop, garbage collection. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: "octoplane_" });
  }

  /** One per name: asking again gives the same. */
  counter<L extends string>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    const known = this.registry.getSingleMetric(name);
    if (known instanceof Counter) return known as Counter<L>;
    return new Counter({ name, help, labelNames: labels, registers: [this.registry] });
  }

  gauge<L extends string>(name: string, help: string, labels: readonly L[] = []): Gauge<L> {
    const known = this.registry.getSingleMetric(name);
    if (known instanceof Gauge) return known as Gauge<L>;
    return new Gauge({ name, help, labelNames: labels, registers: [this.registry] });
  }

  /** Buckets in seconds, from a millisecond to half a minute. */
  seconds<L extends string>(name: string, help: string, labels: readonly L[] = []): Histogram<L> {
    const known = this.registry.getSingleMetric(name);
    if (known instanceof Histogram) return known as Histogram<L>;
    const buckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];
    return new Histogram({ name, help, labelNames: labels, buckets, registers: [this.registry] });
  }
}
