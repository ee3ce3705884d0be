import type { AnyKind } from "@octoplane/kinds/kind";
import { usageError } from "../exit-status.ts";
import { suggestion } from "@octoplane/shared/near-names";

/** How people call kinds on the command line. Pure. */

type NamedKind = Pick<AnyKind, "api" | "kind" | "plural" | "aliases">;

/** The groups of commands that have other names than their part of the API. */
const apiAliases: Readonly<Record<string, string>> = {
  kube: "kubernetes",
  infra: "infrastructure",
  os: "openstack",
};

/** What a kind is called inside its own part of the API only: `openstack/cluster`. */
const namesInside: Readonly<Record<string, readonly string[]>> = {
  "openstack/MagnumCluster": ["cluster", "clusters"],
};

/**
 * The kind of this name: its own, its plural or an alias, in any case, with its part of the API in
 * front where that is needed (`openstack/cluster`). A usage error suggests near names.
 */
export function findKind<K extends NamedKind>(kinds: readonly K[], text: string): K {
  const found = tryKind(kinds, text);
  if (found) return found;
  const names = kinds.flatMap((kind) => namesOf(kind));
  throw usageError(
    `there is no kind ${JSON.stringify(text)}${suggestion(text, names)}; "rok kinds" lists them`,
  );
}

export function tryKind<K extends NamedKind>(kinds: readonly K[], text: string): K | undefined {
  const [api, name] = splitApi(text.toLowerCase());
  return kinds.find((kind) => {
    if (api !== undefined && kind.api !== api) return false;
    const names = api === undefined ? namesOf(kind) : [...namesOf(kind), ...insideNames(kind)];
    return names.includes(name) || (name.endsWith("s") && names.includes(name.slice(0, -1)));
  });
}

/** Objects as they are named on a command line. */
export interface Named<K> {
  readonly kind: K;
  readonly names: readonly string[];
}

/**
 * `KIND NAME…`, or `KIND/NAME…` as `-o name` prints them; kinds without a name stand alone
 * (`app,cluster`). Names of one kind that follow each other stay together.
 */
export function readNamed<K extends NamedKind>(
  kinds: readonly K[],
  words: readonly string[],
): readonly Named<K>[] {
  const [first = "", ...rest] = words;
  if (asPair(kinds, first)) {
    const found: { kind: K; names: string[] }[] = [];
    for (const word of words) {
      const pair = asPair(kinds, word);
      if (!pair) throw usageError(`expected KIND/NAME like ${first}, found ${word}`);
      const last = found.at(-1);
      if (last?.kind === pair.kind) last.names.push(pair.name);
      else found.push({ kind: pair.kind, names: [pair.name] });
    }
    return found;
  }
  const named = [...new Set(first.split(",").map((part) => findKind(kinds, part)))];
  if (named.length > 1 && rest.length > 0) {
    throw usageError("names can be given for one kind only; write KIND/NAME for several");
  }
  return named.map((kind) => ({ kind, names: rest }));
}

/** Every word that stands for the kind by itself, in small letters; its plural first. */
export function namesOf({ kind, plural, aliases }: NamedKind): readonly string[] {
  return [...new Set([plural, kind.toLowerCase(), ...aliases])];
}

function insideNames({ api, kind }: NamedKind): readonly string[] {
  return namesInside[`${api}/${kind}`] ?? [];
}

function splitApi(text: string): readonly [api: string | undefined, name: string] {
  const slash = text.indexOf("/");
  if (slash < 0) return [undefined, text];
  const api = text.slice(0, slash);
  return [apiAliases[api] ?? api, text.slice(slash + 1)];
}

function asPair<K extends NamedKind>(
  kinds: readonly K[],
  word: string,
): { readonly kind: K; readonly name: string } | undefined {
  const slash = word.lastIndexOf("/");
  const kind = slash < 1 ? undefined : tryKind(kinds, word.slice(0, slash));
  return kind && slash < word.length - 1 ? { kind, name: word.slice(slash + 1) } : undefined;
}
