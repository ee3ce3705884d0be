import { InvalidArgumentError } from "commander";
import type { Copies } from "@octoplane/kinds/copies";

/** Copies as they stand on a command line; the server judges their values. */

/** A number, or `all`. */
export function readCopies(text: string): Copies["count"] {
  if (text === "all") return text;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a number of clusters, or all.");
}

/** `WEIGHT CONSTRAINT`, repeated. */
export function collectCopyWeight(
  text: string,
  previous: Copies["weights"] = [],
): Copies["weights"] {
  const match = /^\s*(\d{1,4})\s+(\S[^]*)$/.exec(text);
  if (!match) {
    throw new InvalidArgumentError('Expected a weight and a label constraint: "3 size is big".');
  }
  return [...previous, { clusters: match[2]!, weight: Number(match[1]) }];
}

/** `LABEL`, `LABEL:SKEW`. */
export function readCopySpread(text: string): NonNullable<Copies["spread"]> {
  const match = /^([^\s:]+)(?::(\d{1,4}))?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError("Expected label[:skew], such as region:2.");
  return { by: match[1]!, max_skew: Number(match[2] ?? 1) };
}
