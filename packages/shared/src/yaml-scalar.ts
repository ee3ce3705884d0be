/**
 * What a scalar of YAML means to kubectl (its reader is go-yaml v2: YAML 1.1 without base 60 and
 * without dates, with the prefixes of Go's number literals). Pure; the outcome was compared with
 * kubectl 1.32, value by value.
 */

/** A whole number is a bigint, any other number a `number` (perhaps not finite). */
export type ScalarValue = string | number | bigint | boolean | null;

const words: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(
    (word) => [word, true] as const,
  ),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (word) => [word, false] as const,
  ),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Infinity] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, -Infinity] as const),
]);

const floatText = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** After a leading dot, underscores may stand only between digits. */
const dottedFloatText = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)?$/;
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
const uint64Most = 2n ** 64n - 1n;

/** The value of a plain (unquoted, untagged) scalar. */
export function readPlainScalar(text: string): ScalarValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (/^[-+0-9]/.test(text)) {
    const digits = text.replaceAll("_", "");
    return readInteger(digits) ?? readFloat(digits, floatText) ?? text;
  }
  return readFloat(text, dottedFloatText) ?? text;
}

/**
 * The value of a scalar with one of YAML's own tags, or undefined when the text does not fit the
 * tag.
 */
export function readTaggedScalar(tag: string, text: string): ScalarValue | undefined {
  const plain = readPlainScalar(text);
  switch (tag.replace(/^tag:yaml\.org,2002:|^!!/, "")) {
    case "int":
      return typeof plain === "bigint" ? plain : undefined;
    case "float":
      return typeof plain === "bigint" || typeof plain === "number" ? Number(plain) : undefined;
    case "bool":
      return typeof plain === "boolean" ? plain : undefined;
    case "null":
      return plain === null ? null : undefined;
    case "binary":
      return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)
        ? Buffer.from(text, "base64").toString("utf8")
        : undefined;
    // Strings, dates (which stay text) and tags of applications, which nobody here knows.
    default:
      return text;
  }
}

/**
 * How a scalar reads as the key of a mapping: keys are text in JSON. Undefined for null, which is
 * no key.
 */
export function keyText(value: ScalarValue): string | undefined {
  if (value === null) return undefined;
  return typeof value === "number" ? floatKey(value) : String(value);
}

/**
 * A whole number as a JSON number, or undefined when that would change its digits.
 *
 * Kubernetes keeps 64-bit integers exactly; a JavaScript number does not beyond 2^53, and there is
 * no step on the way of a manifest (body, store, apply) that could be trusted to carry another
 * representation. A wrong digit in silence is the worst outcome, so such a number is refused.
 * Outside 64 bits Kubernetes rounds to a float, and so do we.
 */
export function jsonInteger(value: bigint): number | undefined {
  const number = Number(value);
  if (value < int64.least || value > int64.most) return number;
  return BigInt(JSON.stringify(number)) === value ? number : undefined;
}

/** Go's ParseInt with base 0, then ParseUint: undefined when it is no integer of 64 bits. */
function readInteger(digits: string): bigint | undefined {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(digits);
  if (!match) return undefined;
  const [, sign, magnitude = ""] = match;
  const octal = /^0[0-7]/.test(magnitude) ? `0o${magnitude.slice(1)}` : magnitude.toLowerCase();
  const value = sign === "-" ? -BigInt(octal) : BigInt(octal);
  return value < int64.least || value > uint64Most ? undefined : value;
}

function readFloat(text: string, pattern: RegExp): number | undefined {
  if (!pattern.test(text)) return undefined;
  const value = Number(text.replaceAll("_", ""));
  // What overflows is text to kubectl; infinity has its own spelling. Minus zero is zero in JSON.
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** Go's shortest `%g`. */
function floatKey(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
