import type { AnyKind } from "@octoplane/kinds/kind";
import type { Metric } from "@octoplane/kinds/metric";
import type { MetricsProvider } from "@octoplane/kinds/metrics-provider";
import type { MetricObservation } from "@octoplane/resources/metric-values";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { readMetric, type MetricFacts } from "./readings.ts";

/** A metric with what is known of it now. */
export interface Observed {
  readonly kind: AnyKind;
  readonly metric: Metric;
  readonly observation: MetricObservation;
}

/**
 * What is known of a metric, as it is written down for those who ask; `undefined` while the first fetch is under way. A
 * metric that has a value for each cluster has none by itself. Pure.
 */
export function observationOf({
  metric,
  type,
  facts,
  when,
}: {
  readonly metric: Metric;
  readonly type: MetricsProvider["spec"]["type"] | null;
  readonly facts: MetricFacts;
  readonly when: { readonly now: number; readonly freshMs: number };
}): MetricObservation | undefined {
  const { name: provider, metric: expression } = metric.spec.provider;
  const source = { provider, type, metric: expression };
  if (type === "cluster") {
    const health = { state: "healthy", message: "" } as const;
    return { value: null, time: null, score: null, problem: null, source, health };
  }
  const ref = {
    name: metric.metadata.name,
    weight: 1,
    namespaced: metric.metadata.namespace !== null,
  };
  const reading = readMetric(ref, facts, when);
  if (!reading) return undefined;
  const { known } = facts;
  if (known?.isPending === true) return undefined;
  const value = known?.value ?? null;
  const message = (known?.trouble?.message ?? "").slice(0, limits.messageCharsMax);
  return {
    value,
    time: known && value !== null ? isoTime(known.time) : null,
    score: reading.ok ? reading.value : null,
    problem: reading.ok
      ? null
      : { code: reading.code, message: reading.message.slice(0, limits.messageCharsMax) },
    source,
    health: { state: known ? (known.trouble ? "failing" : "healthy") : "unknown", message },
  };
}
