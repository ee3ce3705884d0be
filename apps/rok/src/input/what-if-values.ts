import { InvalidArgumentError } from "commander";
import { readNumber } from "./option-values.ts";
import { unpack } from "./pack-arguments.ts";

/** The texts of what-if flags as values; each throws what the parser reports as a wrong value of its flag. */

export interface WhatIfMetric {
  readonly metric: string;
  readonly cluster?: string;
  readonly value: number;
}

/** `load=0.9` or `load@berlin=0.9`, repeated. */
export function collectWhatIfMetric(
  packed: string,
  previous: readonly WhatIfMetric[] = [],
): readonly WhatIfMetric[] {
  const [text = ""] = unpack(packed);
  const equals = text.lastIndexOf("=");
  const named = text.slice(0, Math.max(0, equals));
  const [metric = "", cluster, ...rest] = named.split("@");
  if (metric === "" || cluster === "" || rest.length > 0) {
    throw new InvalidArgumentError("Expected metric=value or metric@cluster=value.");
  }
  const value = readNumber(text.slice(equals + 1));
  return [...previous, { metric, ...(cluster === undefined ? {} : { cluster }), value }];
}

/** `load=2`, repeated; the last of the same name wins. */
export function collectNumber(
  text: string,
  previous: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const equals = text.lastIndexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Expected metric=number.");
  return { ...previous, [text.slice(0, equals)]: readNumber(text.slice(equals + 1)) };
}
