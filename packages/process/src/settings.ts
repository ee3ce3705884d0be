import type { Type } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { invalid, isFailure, type FieldProblem } from "@octoplane/shared/errors";
import type { KrakeFile } from "@octoplane/shared/krake-settings/krake-keys";
import {
  isKrakes,
  translateSettings,
  type SettingsNote,
} from "@octoplane/shared/krake-settings/translate-settings";
import { suggestion } from "@octoplane/shared/near-names";
import { readSettingsFile, type SettingsFile } from "@octoplane/shared/settings-file";
import { flagName, keysAt, scalarsOf, settingsOf } from "./schema-paths.ts";
import { readGiven, type GivenSettings } from "./settings-source.ts";

export interface LoadedSettings<T> {
  readonly settings: T;
  /** The file that was read, if one was. */
  readonly file: string | undefined;
  /** What is to be said of the file once; of Krake's keys that have no effect here. */
  readonly notes: readonly SettingsNote[];
  /** `--check-config`: the settings are looked at, and nothing is started. */
  readonly isCheck: boolean;
}

/**
 * The settings of a process from its schema: flags win over the environment, that over the file, that over the defaults.
 * Every scalar has a flag and a variable named by its path: `probe_interval` is `--probe-interval` and
 * `OCTOPLANE_PROBE_INTERVAL`. Unknown keys, flags and values of the wrong type are errors that name them and their line.
 * With the name of Krake's file for the process, that file is looked for when none is named, and Krake's keys are taken.
 */
export async function loadSettings<T>(
  schema: Type.TSchema,
  args: readonly string[],
  krakeFile?: KrakeFile,
): Promise<LoadedSettings<T>> {
  const given = await readGiven(scalarsOf(schema), args, krakeFile);
  const found = given.file === undefined ? undefined : await readSettingsFile(given.file);
  const source = found && sourceOf(found, schema, given, krakeFile);
  const settings = structuredClone(source?.values ?? {}) as Record<string, unknown>;
  const problems = source?.problems ?? [];
  const unknown = takeUnknown(schema, settings, []);
  for (const [path, { value }] of given.values) setAt(settings, path.split("."), value);
  const place = (field: string): string => placeOf(field, given, source);
  const located = [...problems, ...unknown].map((problem) => ({
    ...problem,
    field: place(problem.field),
  }));
  // What is wrong with the form is told together with what is unknown.
  const read = tryRead<T>(schema, settings);
  const wrong = read.problems.map(({ field, message }) => ({ field: place(field), message }));
  if (located.length > 0 || !read.isGood) throw invalid([...located, ...wrong]);
  return {
    settings: read.value,
    file: given.file,
    notes: source?.notes ?? [],
    isCheck: given.isCheck,
  };
}

/** The same where neither Krake's files nor notes matter. */
export async function readSettings<T>(schema: Type.TSchema, args: readonly string[]): Promise<T> {
  return (await loadSettings<T>(schema, args)).settings;
}

/** The flags of a schema, for a help text. */
export function flagsOf(
  schema: Type.TSchema,
): readonly { readonly flag: string; readonly text: string }[] {
  return scalarsOf(schema).map(({ path, description, value }) => ({
    flag: `--${flagName(path)}`,
    text: [
      description,
      value === undefined || value === null ? "" : `(default ${JSON.stringify(value)})`,
    ]
      .filter((part) => part !== "")
      .join(" "),
  }));
}

/** What a file comes to in our own keys. */
interface Source {
  readonly file: SettingsFile;
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly FieldProblem[];
  readonly notes: readonly SettingsNote[];
  readonly origins: ReadonlyMap<string, string>;
}

function sourceOf(
  file: SettingsFile,
  schema: Type.TSchema,
  given: GivenSettings,
  krakeFile: KrakeFile | undefined,
): Source {
  const plain = { file, values: file.values, problems: [], notes: [], origins: new Map() };
  if (!isKrakes(file.values) || isOurs(schema, file.values)) return plain;
  if (krakeFile === undefined) {
    const message =
      "this is one of Krake's files; those are for the single processes (api, scheduler, …), and this is all of them in one";
    return { ...plain, values: {}, problems: [{ field: "", message }] };
  }
  const { settings, ...rest } = translateSettings(file.values, {
    file: krakeFile,
    isOwn: (path) => isSetting(schema, path.split(".")),
    ownNames: settingsOf(schema).map(({ path }) => path.join(".")),
    isGiven: (path) => given.values.has(path),
  });
  return { file, values: settings, ...rest };
}

/** Should a setting of ours ever be called like one of Krake's marks, a file with our keys only stays ours. */
function isOurs(schema: Type.TSchema, values: Readonly<Record<string, unknown>>): boolean {
  return takeUnknown(schema, structuredClone(values), []).length === 0;
}

function isSetting(schema: Type.TSchema, path: readonly string[]): boolean {
  return keysAt(schema, path.slice(0, -1))?.includes(path.at(-1)!) === true;
}

/** Takes the keys that the schema does not know out of the value, and tells of them. */
function takeUnknown(
  schema: Type.TSchema,
  value: unknown,
  path: readonly string[],
): readonly FieldProblem[] {
  if (typeof value !== "object" || value === null) return [];
  const known = Array.isArray(value) ? undefined : keysAt(schema, path);
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, name];
    if (known === undefined || known.includes(name)) return takeUnknown(schema, inner, here);
    delete (value as Record<string, unknown>)[name];
    return [{ field: dotted(here), message: `unknown key${suggestion(name, known)}` }];
  });
}

function tryRead<T>(
  schema: Type.TSchema,
  settings: unknown,
):
  | { readonly isGood: true; readonly value: T; readonly problems: readonly [] }
  | { readonly isGood: false; readonly problems: readonly FieldProblem[] } {
  try {
    return { isGood: true, value: readAs<T>(schema, settings), problems: [] };
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return { isGood: false, problems: error.fields };
  }
}

/** `api.yaml:12: tls.cert`, or the flag or variable that the value came from. */
function placeOf(field: string, given: GivenSettings, source: Source | undefined): string {
  const from = given.values.get(field)?.from;
  if (from !== undefined) return from;
  if (!source) return field;
  const krakes = source.origins.get(field) ?? field;
  const path = krakes === "" ? [] : krakes.split(/[.[\]]+/).filter((part) => part !== "");
  const place = source.file.placeOf(path);
  return krakes === "" ? place : `${place}: ${krakes}`;
}

/** As the schema's own problems name a place: `oidc[0].issuer`. */
function dotted(path: readonly string[]): string {
  return path.reduce(
    (text, part) =>
      /^\d+$/.test(part) ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
    "",
  );
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next =
    typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  target[head] = next;
  setAt(next, rest, value);
}
