import { Option, type Command } from "commander";
import type { Metric } from "@octoplane/kinds/metric";
import type { Run } from "../leaf.ts";
import { readIntegers, readNumber } from "../input/option-values.ts";
import { addDelete, addGet, addList, type AddColumns } from "./resource.ts";
import { addWrites, option } from "./write.ts";
import { lazyKind, type LazyKind } from "../objects/lazy-kind.ts";

interface MetricFlags {
  readonly mpName?: string;
  readonly gmpName?: string;
  readonly metricName?: string;
  readonly min?: number;
  readonly max?: number;
  readonly allowedValues?: readonly number[];
  readonly direction?: "higher" | "lower";
  readonly whenStale?: "keep" | "neutral" | "exclude";
  readonly maxAge?: number;
  readonly unit?: string;
  readonly countsAs?: string;
}

const metrics = lazyKind(
  "metric",
  "namespaced",
  "MetricKind",
  () => import("@octoplane/kinds/metric"),
);

const globalMetrics = lazyKind(
  "global metric",
  "global",
  "GlobalMetricKind",
  () => import("@octoplane/kinds/metric"),
);

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
  const addColumns: AddColumns = async (...shown) => {
    const { addValueColumns } = await import("../metrics/value-columns.ts");
    return await addValueColumns(...shown);
  };
  addList(run, parent, kind, { columns: addColumns });
  addGet(run, parent, kind, { columns: addColumns });
  addWrites<MetricFlags>(run, parent, kind, {
    verb: "create",
    flags: (command, isNew) => metricFlags(command, isNew, providerFlag),
    make(name, flags) {
      const empty = { allowed_values: [], provider: { name: "", metric: name } };
      return { metadata: { name }, spec: changeMetric(empty, flags) };
    },
    change: (current, flags) => ({
      ...current,
      spec: changeMetric(current["spec"] as Metric["spec"], flags),
    }),
  });
  addDelete(run, parent, kind);
}

function metricFlags(command: Command, isNew: boolean, providerFlag: string): void {
  option(command, `--${providerFlag} <name>`, "the provider of its values", isNew);
  command.option("--metric-name <name>", "what the provider calls it; left out: its own name");
  numberOption(command, "--min <number>", "least value", isNew);
  numberOption(command, "--max <number>", "greatest value", isNew);
  command
    .option("--allowed-values <numbers...>", "the only values, as whole numbers", readIntegers)
    .addOption(
      new Option("--direction <which>", "which values are better").choices(["higher", "lower"]),
    )
    .addOption(
      new Option("--when-stale <what>", "what counts when there is no fresh value").choices([
        "keep",
        "neutral",
        "exclude",
      ]),
    )
    .option("--max-age <seconds>", "how old a value may be; 0: as it is by default", readNumber)
    .option("--unit <unit>", 'of its values, such as EUR/core-hour or gCO2/kWh; "": none')
    .option("--counts-as <name>", 'by which policies and applications weigh it; "": its own');
}

function numberOption(command: Command, flags: string, about: string, isRequired: boolean): void {
  const made = new Option(flags, about).argParser(readNumber);
  command.addOption(isRequired ? made.makeOptionMandatory() : made);
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
    ...(flags.whenStale === undefined ? {} : { when_stale: flags.whenStale }),
    ...(flags.maxAge === undefined ? {} : { max_age: flags.maxAge === 0 ? null : flags.maxAge }),
    // The server knows which units there are.
    ...(flags.unit === undefined ? {} : { unit: (flags.unit || null) as MetricSpec["unit"] & {} }),
    ...(flags.countsAs === undefined ? {} : { counts_as: flags.countsAs || null }),
    ...(flags.allowedValues === undefined ? {} : { allowed_values: [...flags.allowedValues] }),
  };
}
