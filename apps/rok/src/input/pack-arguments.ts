import { usageError } from "../exit-status.ts";

/**
 * Krake's command line has flags with two and more values (`--metric NAME WEIGHT`) and flags whose
 * value may be left out in front of a name (`--wait NAME`). The parser knows neither, so such flags
 * are packed into one argument before it runs: `--metric=["NAME","WEIGHT"]`, `--wait=running`. A
 * bare `-R` becomes `--recursive`.
 * Pure.
 */
export function packArguments(argv: readonly string[]): readonly string[] {
  const packed: string[] = [];
  for (let index = 0; index < argv.length;) {
    const argument = argv[index]!;
    if (argument === "--") return [...packed, ...argv.slice(index)];
    if (argument === "-R" && !isResource(argv[index + 1])) {
      packed.push("--recursive");
      index += 1;
      continue;
    }
    // Without a pair behind it, it is the one of commands in containers: an input.
    if (argument === "-i" && !pairForm.test(argv[index + 1] ?? "")) {
      packed.push("-i");
      index += 1;
      continue;
    }
    const flag = withDashes(argument);
    const take = takers[flag];
    if (take === undefined) {
      packed.push(flag);
      index += 1;
      continue;
    }
    const values = take(flag, argv.slice(index + 1));
    packed.push(`${longNames[flag] ?? flag}=${encode(flag, values)}`);
    index += 1 + values.length;
  }
  return packed;
}

/**
 * Krake's `-R plural.group` is a constraint; a `-R` with anything else behind it is kubectl's, which
 * has no value. The name of a custom resource always has a dot.
 */
function isResource(next: string | undefined): boolean {
  return next !== undefined && !next.startsWith("-") && next.includes(".");
}

/** The values of a packed flag, or what was written as `--flag=value`. */
export function unpack(value: string): readonly string[] {
  if (!value.startsWith("[")) return [value];
  try {
    const list: unknown = JSON.parse(value);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // A value that merely begins like a list is one value.
  }
  return [value];
}

type Taker = (flag: string, rest: readonly string[]) => readonly string[];

const pair: Taker = (flag, rest) => {
  const [name, value] = rest;
  if (name === undefined || value === undefined || name.startsWith("-") || /^-\D/.test(value)) {
    throw usageError(`${flag}: expected a name and a number after it`);
  }
  return [name, value];
};

/** `rok plan --metric load=0.9` is one word: no name of a metric has an equals sign. */
const metric: Taker = (flag, rest) => {
  const [first] = rest;
  return first?.includes("=") === true && !first.startsWith("-") ? [first] : pair(flag, rest);
};

/** A secret may begin with anything. */
const credential: Taker = (flag, rest) => {
  const [id, secret] = rest;
  if (id !== undefined && secret !== undefined && !id.startsWith("-")) return [id, secret];
  throw usageError(`${flag}: expected an ID and a secret after it`);
};

const pairForm = /^[^-=][^=]*=/;

/** As many as fit the form, at least one. */
function listOf(form: RegExp, what: string): Taker {
  return (flag, rest) => {
    const end = rest.findIndex((value) => !form.test(value));
    const values = end < 0 ? rest : rest.slice(0, end);
    if (values.length === 0) throw usageError(`${flag}: expected ${what} after it`);
    return values;
  };
}

/**
 * Seconds, then a strategy, then a number of retries; each may be left out, and then so are the
 * next.
 */
const shutdown: Taker = (_flag, rest) => {
  const forms = [/^\d+$/, /^(?:give_up|delete)$/, /^\d+$/];
  const end = forms.findIndex((form, index) => !form.test(rest[index] ?? ""));
  return rest.slice(0, end < 0 ? forms.length : end);
};

const states =
  /^(?:creating|pending|running|completed|reconciling|deleting|deleted|online|drained)$/i;
const state: Taker = (_flag, rest) => (states.test(rest[0] ?? "") ? [rest[0]!] : []);

const takers: Readonly<Record<string, Taker | undefined>> = {
  "--metric": metric,
  "-m": metric,
  "--global-metric": pair,
  "--application-credential": credential,
  "--allowed-values": listOf(/^-?\d+$/, "one or more whole numbers"),
  "--inject": listOf(pairForm, "one or more KEY=VALUE"),
  "-i": listOf(pairForm, "one or more KEY=VALUE"),
  "--hook-shutdown": shutdown,
  "--wait": state,
};

const longNames: Readonly<Record<string, string>> = { "-m": "--metric", "-i": "--inject" };

function encode(flag: string, values: readonly string[]): string {
  return flag === "--wait" ? (values[0] ?? "") : JSON.stringify(values);
}

/** Krake writes some flags with underscores (`--backoff_delay`). */
function withDashes(argument: string): string {
  const match = /^(--[A-Za-z][\w-]*)(=[^]*)?$/.exec(argument);
  return match ? `${match[1]!.replaceAll("_", "-")}${match[2] ?? ""}` : argument;
}
