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
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly bearerToken?: string;
  readonly bearerTokenFile?: string;
  /** The text of the file, once it has been read. */
  readonly caFile?: string;
  readonly header?: readonly string[];
  readonly anonymous?: boolean;
}

export const providerTypes = [
  "prometheus",
  "influx",
  "kafka",
  "http",
  "cluster",
  "static",
] as const;
type ProviderType = (typeof providerTypes)[number];

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
  http: { url: "url" },
  cluster: {},
  static: { metrics: "metric" },
};

const login = ["username", "password", "bearerToken", "anonymous"] as const;

/** Flags that a type takes and does not need. */
const optional: Readonly<Record<ProviderType, readonly (keyof ProviderFlags)[]>> = {
  prometheus: [...login, "caFile"],
  influx: ["caFile"],
  kafka: [...login, "caFile"],
  http: [...login, "caFile", "header"],
  cluster: [],
  static: ["removeExistingMetrics"],
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
      !["type", ...Object.values(own), ...optional[spec.type]].includes(
        flag.replace(/File$/, ""),
      ) && !(flag === "caFile" && optional[spec.type].includes(flag)),
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
      ...loginOf(block, flags),
      ...(flags.caFile === undefined ? {} : { ca: flags.caFile === "" ? null : flags.caFile }),
      ...(flags.header === undefined ? {} : { headers: headersOf(block, flags.header) }),
    },
  };
}

/** Who asks: either by name and password, or by a token; `--anonymous` is neither. */
function loginOf(block: Block, flags: ProviderFlags): Block {
  const { username, password, bearerToken } = flags;
  const isNamed = username !== undefined || password !== undefined;
  if (flags.anonymous === true) {
    if (isNamed || bearerToken !== undefined) {
      throw usageError("expected --anonymous, or who asks, not both");
    }
    return { basic_auth: null, bearer_token: null };
  }
  if (bearerToken !== undefined) {
    if (isNamed) throw usageError("expected --bearer-token or --username, not both");
    return { bearer_token: bearerToken, basic_auth: null };
  }
  if (!isNamed) return {};
  const before = block["basic_auth"] as Block | null | undefined;
  const login = { ...before, ...(username === undefined ? {} : { username }) };
  const whole = { ...login, ...(password === undefined ? {} : { password }) };
  if (!("username" in whole) || !("password" in whole)) {
    throw usageError("expected both --username and --password-file");
  }
  return { basic_auth: whole, bearer_token: null };
}

/** Added to those that are there; one without a value goes. */
function headersOf(block: Block, texts: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map(Object.entries((block["headers"] ?? {}) as Record<string, string>));
  for (const text of texts) {
    const [, name = "", value = ""] = /^([^:]+):(.*)$/s.exec(text) ?? [];
    if (name === "") throw usageError("--header: expected a name, a colon and a value");
    if (value.trim() === "") headers.delete(name.trim());
    else headers.set(name.trim(), value.trim());
  }
  return Object.fromEntries(headers);
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
