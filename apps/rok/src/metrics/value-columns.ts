import type { Client, Ref } from "@octoplane/client/client";
import type { AnyKind, AnyResource, Column } from "@octoplane/kinds/kind";
import type { MetricValue } from "@octoplane/kinds/metric-value";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { AddColumns } from "../commands/resource.ts";
import { ageText } from "../output/age-text.ts";

/** What tables of metrics show beside the metrics: their current values, where the server knows them. */

/** Metrics with columns for their values, as they are now. */
export const addValueColumns: AddColumns = async (session, kind, metrics) => {
  const values = await currentValues(await session.client(), kind, metrics);
  return withValues(kind, values, session.io.clock.now());
};

type Values = ReadonlyMap<string, MetricValue>;

/** By uid, some at a time. A server that is older than this program knows no values. */
async function currentValues(
  client: Client,
  kind: AnyKind,
  metrics: readonly AnyResource[],
): Promise<Values> {
  const values = new Map<string, MetricValue>();
  const waiting = metrics.values();
  const work = async (): Promise<void> => {
    for (const { metadata } of waiting) {
      const { name, namespace } = metadata;
      const ref = namespace === null ? { name } : { name, namespace };
      try {
        values.set(metadata.uid, await client.metricValue(kind, ref as Ref));
      } catch (error) {
        // It may be gone since it was listed, too.
        if (!isFailure(error, "NotFound")) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: limits.rokMetricValuesParallelMax }, work));
  return values;
}

/** The kind with columns for values, if there are any to show. Pure. */
function withValues(kind: AnyKind, values: Values, now: number): AnyKind {
  const all = [...values.values()];
  if (all.every((value) => value.time === null && !value.clusters && value.problem === null)) {
    return kind;
  }
  const column = (title: string, cell: (value: MetricValue) => string): Column<AnyResource> => ({
    title,
    cell: ({ metadata }) => {
      const value = values.get(metadata.uid);
      return value === undefined ? "" : cell(value);
    },
  });
  const wide = (title: string, cell: (value: MetricValue) => string): Column<AnyResource> => ({
    ...column(title, cell),
    wide: true,
  });
  return {
    ...kind,
    columns: [
      ...kind.columns,
      column("value", valueText),
      column("value_age", ({ time }) => ageText(time, now)),
      wide("score", ({ score }) => (score === null ? "" : String(score))),
      wide("problem", ({ problem }) => problem?.message ?? ""),
      wide("provider_health", ({ health }) =>
        health.message === "" ? health.state : `${health.state}: ${health.message}`,
      ),
      wide("history", ({ history }) => history.map(({ value }) => String(value)).join(", ")),
    ],
  };
}

/** One number, or one for each cluster. */
function valueText({ value, clusters, problem }: MetricValue): string {
  if (clusters !== undefined) {
    return clusters.map((one) => `${one.name}: ${one.value ?? "unknown"}`).join("\n");
  }
  if (value !== null) return String(value);
  return problem === null ? "" : problem.code;
}
