import type { Command } from "commander";
import type { AnyKind } from "@octoplane/kinds/kind";
import type { Metric } from "@octoplane/kinds/metric";
import { usageError } from "../exit-status.ts";
import { leaf, type Run } from "../leaf.ts";
import { readIntegers, readNumber } from "../option-values.ts";
import { addDelete, addGet, addList, refOf, type LazyKind } from "./resource.ts";

interface MetricFlags {
  readonly mpName?: string;
  readonly gmpName?: string;
  readonly metricName?: string;
  readonly min?: number;
  readonly max?: number;
  readonly allowedValues?: readonly number[];
  readonly direction?: "higher" | "lower";
}

const metrics: LazyKind = {
  noun: "metric",
  namespaced: true,
  load: () => loadKind("MetricKind"),
};

const globalMetrics: LazyKind = {
  noun: "global metric",
  namespaced: false,
  load: () => loadKind("GlobalMetricKind"),
};

async function loadKind(name: "MetricKind" | "GlobalMetricKind"): Promise<AnyKind> {
  const [{ anyKind }, kinds] = await Promise.all([
    import("@octoplane/kinds/kind"),
    import("@octoplane/kinds/metric"),
  ]);
  return anyKind(kinds[name]);
}

/** `rok core metric …` and `rok core globalmetric …` */
export function addMetricCommands(run: Run, parent: Command): void {
  const local = parent
    .command("metric")
    .description("metrics: what is measured, for one namespace");
  addCommands(run, local, { kind: metrics, providerFlag: "mp-name" });
  const global = parent
    .command("globalmetric")
    .alias("gm")
    .description("metrics for every namespace");
  addCommands(run, global, { kind: globalMetrics, providerFlag: "gmp-name" });
}

function addCommands(
  run: Run,
  parent: Command,
  { kind, providerFlag }: { readonly kind: LazyKind; readonly providerFlag: string },
): void {
  addList(run, parent, kind);
  addGet(run, parent, kind);
  const flags = (command: Command, isNew: boolean): void => {
    const add = (text: string, about: string, read?: (value: string) => unknown): void => {
      const required = isNew && /^--(?:min|max|g?mp-name) /.test(text);
      if (read && required) command.requiredOption(text, about, read);
      else if (read) command.option(text, about, read);
      else if (required) command.requiredOption(text, about);
      else command.option(text, about);
    };
    add(`--${providerFlag} <name>`, "the provider of its values");
    add("--metric-name <name>", "what the provider calls it; left out: its own name");
    add("--min <number>", "least value", readNumber);
    add("--max <number>", "greatest value", readNumber);
    add("--allowed-values <numbers...>", "the only values, as whole numbers", readIntegers);
    add("--direction <which>", "which values are better: higher or lower", readDirection);
  };
  leaf<MetricFlags>(run, parent, {
    usage: "create <name>",
    about: `create a ${kind.noun}`,
    flags: (command) => flags(command, true),
    async act({ args, options, session }) {
      const [loaded, { printOne }] = [await kind.load(), await import("../print-resource.ts")];
      const name = args[0] ?? "";
      const empty = { allowed_values: [], provider: { name: "", metric: name } };
      const draft = { metadata: { name }, spec: changeMetric(empty, options) };
      const objects = (await session.client()).of(loaded);
      const namespace = kind.namespaced ? await session.namespace() : undefined;
      await printOne(session, loaded, await objects.create(draft, namespace));
    },
  });
  leaf<MetricFlags>(run, parent, {
    usage: "update <name>",
    about: "change what is named, and nothing else",
    flags: (command) => flags(command, false),
    async act({ args, options, session }) {
      if (Object.keys(options).length === 0) {
        throw usageError("nothing to change: name at least one flag");
      }
      const [{ printOne }, { updateResource }] = await Promise.all([
        import("../print-resource.ts"),
        import("../update-resource.ts"),
      ]);
      const loaded = await kind.load();
      const objects = (await session.client()).of(loaded);
      const ref = await refOf(session, kind, args[0]);
      const updated = await updateResource(objects, ref, (metric) => ({
        ...metric,
        spec: changeMetric(metric["spec"] as Metric["spec"], options),
      }));
      await printOne(session, loaded, updated);
    },
  });
  addDelete(run, parent, kind);
}

type MetricSpec = Partial<Metric["spec"]> & Pick<Metric["spec"], "provider">;

/** The specification with what was named changed. Pure. */
export function changeMetric(spec: MetricSpec, flags: MetricFlags): MetricSpec {
  const provider = flags.mpName ?? flags.gmpName ?? spec.provider.name;
  return {
    ...spec,
    provider: { name: provider, metric: flags.metricName ?? spec.provider.metric },
    ...(flags.min === undefined ? {} : { min: flags.min }),
    ...(flags.max === undefined ? {} : { max: flags.max }),
    ...(flags.direction === undefined ? {} : { direction: flags.direction }),
    ...(flags.allowedValues === undefined ? {} : { allowed_values: [...flags.allowedValues] }),
  };
}

function readDirection(text: string): string {
  if (text === "higher" || text === "lower") return text;
  throw usageError(`--direction: expected higher or lower, found ${text}`);
}
