import { isDeepStrictEqual } from "node:util";
import type { AnyKind } from "@octoplane/kinds/kind";
import { MetricRecordSchema, type MetricRecord } from "@octoplane/kinds/metric-value";
import type { Metadata } from "@octoplane/kinds/metadata";
import { readAs } from "@octoplane/kinds/read-input";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Entry, Store, Write } from "@octoplane/store/store";
import { metricValueKey, partKey, refOf } from "./keys.ts";
import { decodeObject } from "./record.ts";

/**
 * What the scheduler knows of each metric now: one record per metric, overwritten in place, so that the API can tell it.
 * It belongs to the uid and goes with the metric. It is an observation, and so in no backup.
 */

/** What is known now; the history is put together from what was written before. */
export type MetricObservation = Omit<MetricRecord, "history">;

/**
 * Writes one observation down; false when the metric is gone, or another writer was there in this moment. The guards keep
 * a record from outliving its metric.
 */
export async function writeMetricValue(
  store: Store,
  kind: AnyKind,
  metric: { readonly metadata: Metadata },
  observation: MetricObservation,
): Promise<boolean> {
  const { uid } = metric.metadata;
  const objectKey = partKey(kind, refOf(metric), "object");
  const key = metricValueKey(uid);
  const [object, before] = await Promise.all([store.get(objectKey), store.get(key)]);
  if (!object || decodeObject(object).record.metadata.uid !== uid) return false;
  const record = withHistory(observation, parseRecord(before)?.history ?? []);
  const guards = [
    { key: objectKey, revision: object.revision },
    { key, revision: before?.revision ?? 0n },
  ];
  try {
    await store.commit(guards, [{ key, value: Buffer.from(JSON.stringify(record)) }]);
    return true;
  } catch (error) {
    if (isFailure(error, "Conflict")) return false;
    throw error;
  }
}

/** `undefined` when nothing has been written down yet. */
export async function readMetricValue(
  store: Store,
  uid: string,
): Promise<MetricRecord | undefined> {
  return parseRecord(await store.get(metricValueKey(uid)));
}

/** For the end of an object. */
export function metricValueRemovals(kind: AnyKind, uid: string): readonly Write[] {
  const isMetric = kind.api === "core" && (kind.kind === "Metric" || kind.kind === "GlobalMetric");
  return isMetric ? [{ key: metricValueKey(uid), remove: true }] : [];
}

/** Newest first, and only what differs from the one before. Pure. */
export function withHistory(
  observation: MetricObservation,
  history: MetricRecord["history"],
): MetricRecord {
  const { value, time } = observation;
  const isNews = value !== null && time !== null && history[0]?.value !== value;
  const next = isNews ? [{ time, value }, ...history] : history;
  return { ...observation, history: next.slice(0, limits.metricHistoryMax) };
}

/** True when writing it down again would say nothing but a later time. Pure. */
export function saysTheSame(a: MetricObservation, b: MetricObservation): boolean {
  return isDeepStrictEqual({ ...a, time: null }, { ...b, time: null });
}

/** A record that cannot be read is as good as none: the next one takes its place. */
function parseRecord(entry: Entry | undefined): MetricRecord | undefined {
  if (!entry) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.from(entry.value).toString("utf8"));
    return readAs<MetricRecord>(MetricRecordSchema, json, "");
  } catch {
    return undefined;
  }
}
