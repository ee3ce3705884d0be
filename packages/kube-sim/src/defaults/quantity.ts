/** Quantities in the form that the API server stores (k8s.io/apimachinery, pkg/api/resource). */

const decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"] as const;
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"] as const;
const nano = 1_000_000_000n;

interface Parsed {
  /** In billionths of the unit. */
  readonly nanos: bigint;
  readonly isBinary: boolean;
  readonly isExponent: boolean;
}

function parse(text: string): Parsed | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/u.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt((whole === "" ? "0" : whole) + fraction);
  const scale = scaleOf(suffix);
  const divisor = 10n ** BigInt(fraction.length) * scale.divisor;
  const raised = digits * nano * scale.factor;
  // What is finer than a billionth is rounded up, as the server does.
  const nanos = (raised + divisor - 1n) / divisor;
  return {
    nanos: sign === "-" ? -nanos : nanos,
    isBinary: suffix.endsWith("i"),
    isExponent: /^[eE]/u.test(suffix) && suffix.length > 1,
  };
}

function scaleOf(suffix: string): { readonly factor: bigint; readonly divisor: bigint } {
  if (suffix.endsWith("i")) {
    return { factor: 1024n ** BigInt(binary.findIndex((unit) => unit === suffix)), divisor: 1n };
  }
  const exponent = /^[eE][+-]?\d/u.test(suffix)
    ? Number(suffix.slice(1))
    : (decimal.findIndex((unit) => unit === suffix) - 3) * 3;
  return exponent < 0
    ? { factor: 1n, divisor: 10n ** BigInt(-exponent) }
    : { factor: 10n ** BigInt(exponent), divisor: 1n };
}

/** `1000m` becomes `1`, `1024Mi` becomes `1Gi`; undefined when the text is no quantity. */
export function canonicalQuantity(value: string | number): string | undefined {
  const parsed = parse(String(value));
  if (parsed === undefined) return undefined;
  if (parsed.nanos === 0n) return "0";
  const text = parsed.isBinary ? binaryText(parsed.nanos) : undefined;
  return text ?? decimalText(parsed.nanos, parsed.isExponent);
}

function binaryText(nanos: bigint): string | undefined {
  if (nanos % nano !== 0n) return undefined;
  let value = nanos / nano;
  // Below 1024 there is nothing binary about a number.
  if (value > -1024n && value < 1024n) return undefined;
  let unit = 0;
  while (value % 1024n === 0n && unit < binary.length - 1) {
    value /= 1024n;
    unit += 1;
  }
  return `${value}${binary[unit]}`;
}

function decimalText(nanos: bigint, isExponent: boolean): string {
  let value = nanos;
  let unit = 0;
  while (value % 1000n === 0n && unit < decimal.length - 1) {
    value /= 1000n;
    unit += 1;
  }
  if (!isExponent || unit === 3) return `${value}${decimal[unit]}`;
  return `${value}e${(unit - 3) * 3}`;
}

/** The amount as a number, for adding up; undefined when the text is no quantity. */
export function quantityNumber(value: string | number): number | undefined {
  const parsed = parse(String(value));
  return parsed === undefined ? undefined : Number(parsed.nanos) / 1e9;
}
