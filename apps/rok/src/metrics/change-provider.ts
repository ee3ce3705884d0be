import { usageError } from "../exit-status.ts";
import type { NamedNumber } from "../input/option-values.ts";

/** The flags of `mp create` and `mp update` as they are parsed. */
export interface ProviderFlags {
  readonly type?: ProviderType;
  readonly url?: string;
  readonly metric?: readonly NamedNumber[];
  readonly table?: string;
  readonly comparisonColumn?: string;
  readonly valueColumn?: string;
  readonly token?: string;
  readonly org?: string;
  readonly bucket?: string;
  readonly removeExistingMetrics?: boolean;
}

type ProviderType = "prometheus" | "influx" | "kafka" | "static";

type Block = Readonly<Record<string, unknown>>;

export interface ProviderSpec {
  readonly type: ProviderType;
  readonly [block: string]: unknown;
}

/** Which flag fills which field of a type's block. */
const fields: Readonly<Record<ProviderType, Readonly<Record<string, keyof ProviderFlags>>>> = {
  prometheus: { url: "url" },
  influx: { url: "url", token: "token", org: "org", bucket: "bucket" },
  kafka: {
    url: "url",
    table: "table",
    comparison_column: "comparisonColumn",
    value_column: "valueColumn",
  },
  static: { metrics: "metric" },
};

/**
 * A new specification. A usage error names every flag that its type needs and that is missing.
 * Pure.
 */
export function newProvider(flags: ProviderFlags): ProviderSpec {
  const type = flags.type ?? "static";
  const missing = Object.values(fields[type]).filter((flag) => flags[flag] === undefined);
  if (missing.length > 0) {
    throw usageError(`a provider of type ${type} needs ${missing.map(flagText).join(", ")}`);
  }
  return changeProvider({ type, [type]: {} }, flags);
}

/**
 * The specification with what was named changed; metrics are added to those that are there. Pure.
 */
export function changeProvider(spec: ProviderSpec, flags: ProviderFlags): ProviderSpec {
  const own = fields[spec.type];
  const foreign = Object.keys(flags).filter(
    (flag) =>
      !["type", ...Object.values(own)].includes(flag) &&
      !(flag === "removeExistingMetrics" && spec.type === "static"),
  );
  if (foreign.length > 0) {
    const names = foreign.map((flag) => flagText(flag)).join(", ");
    throw usageError(`a provider of type ${spec.type} has no ${names}`);
  }
  const block = (spec[spec.type] ?? {}) as Block;
  const changed = Object.entries(own).flatMap(([field, flag]) =>
    flags[flag] === undefined || flag === "metric" ? [] : [[field, flags[flag]] as const],
  );
  return {
    ...spec,
    [spec.type]: {
      ...block,
      ...Object.fromEntries(changed),
      ...(spec.type === "static" ? { metrics: staticMetrics(block, flags) } : {}),
    },
  };
}

function staticMetrics(block: Block, flags: ProviderFlags): Readonly<Record<string, number>> {
  const before = block["metrics"] as Readonly<Record<string, number>> | undefined;
  return {
    ...(flags.removeExistingMetrics === true ? {} : before),
    ...Object.fromEntries((flags.metric ?? []).map(({ name, value }) => [name, value])),
  };
}

function flagText(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
