import { limits } from "@octoplane/shared/limits";
import { textOf } from "@octoplane/shared/text-of";

/** Parts of templates: what is known of JSON that somebody wrote. */

export type Entry = Readonly<Record<string, unknown>>;

/** One thing that is wrong with a template: where (`topology_template.inputs.port`) and what was expected. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map that may be left out; what is no map is an empty one. */
export function entryOf(value: unknown): Entry {
  return isEntry(value) ? value : {};
}

/** The field of a map, never one that every object inherits. */
export function fieldOf(entry: Entry, name: string): unknown {
  return Object.hasOwn(entry, name) ? entry[name] : undefined;
}

/** A value for a message: short, whatever it is. */
export function told(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isEntry(value)) return "a map";
  const text = textOf(value);
  return text.length <= limits.toscaToldCharsMax
    ? text
    : `${text.slice(0, limits.toscaToldCharsMax)}…`;
}

/** Names for a message, a few of them. */
export function listed(names: readonly string[]): string {
  const more = names.length - limits.namesToldMax;
  const first = names.slice(0, limits.namesToldMax).map(told).join(", ");
  if (names.length === 0) return "none";
  return more > 0 ? `${first} and ${more} more` : first;
}
