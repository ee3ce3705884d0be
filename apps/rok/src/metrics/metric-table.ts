import type { Command } from "commander";
import type { Client, KindLike, Ref } from "@octoplane/client/client";
import type { AnyKind, AnyResource, Column } from "@octoplane/kinds/kind";
import type { MetricValue } from "@octoplane/kinds/metric-value";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { listFlags, refOf } from "../commands/resource.ts";
import { leaf, type Run } from "../leaf.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import type { ListFlags } from "../objects/list-objects.ts";
import { ageText } from "../output/age-text.ts";

/** Metrics in tables, with their current values where the server knows them. */

export function addMetricList(run: Run, parent: Command, kind: LazyKind): void {
  leaf<ListFlags>(run, parent, {
    usage: "list",
    about: `list every ${kind.noun}${kind.namespaced ? " of a namespace" : ""}`,
    flags: (command) => listFlags(command, kind.namespaced),
    async act({ options, session }) {
      const loaded = await kind.load();
      const style = "krake";
      if (options.watch === true) {
        const { watchObjects } = await import("../objects/watch-objects.ts");
        return await watchObjects(session, loaded, { ...options, style });
      }
      const [{ listObjects, tableFor }, { printTable, printValue }] = await Promise.all([
        import("../objects/list-objects.ts"),
        import("../output/print-resource.ts"),
      ]);
      const items = await listObjects(session, loaded, options);
      if (session.output !== "table") return await printValue(session, items);
      const values = await currentValues(await session.client(), loaded, items);
      const valued = withValues(loaded, values, session.io.clock.now());
      printTable(session, tableFor(session, valued, items, { ...options, style }));
    },
  });
}

export function addMetricGet(run: Run, parent: Command, kind: LazyKind): void {
  leaf(run, parent, {
    usage: "get <name>",
    about: `show one ${kind.noun}`,
    kind,
    async act({ args, session }) {
      const [loaded, { printOne }] = [
        await kind.load(),
        await import("../output/print-resource.ts"),
      ];
      const client = await session.client();
      const metric = await client.of<KindLike>(loaded).get(await refOf(session, kind, args[0]));
      if (session.output !== "table") return await printOne(session, loaded, metric);
      const values = await currentValues(client, loaded, [metric]);
      const valued = withValues(loaded, values, session.io.clock.now());
      await printOne(session, valued, metric);
    },
  });
}

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
export function withValues(kind: AnyKind, values: Values, now: number): AnyKind {
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
