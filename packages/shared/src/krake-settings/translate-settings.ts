import { textOf } from "../text-of.ts";
import type { FieldProblem } from "../errors.ts";
import { suggestion } from "../near-names.ts";
import { krakeKeys, type KrakeFile, type KrakeKey } from "./krake-keys.ts";

/** What is to be said of keys that have no effect, or not the one that is expected. */
export interface SettingsNote {
  readonly keys: readonly string[];
  readonly text: string;
  /** Whoever overlooks it may wonder why nothing works. */
  readonly isImportant: boolean;
}

export interface TranslatedSettings {
  /** Settings of ours; what the file does not say is left out. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly notes: readonly SettingsNote[];
  readonly problems: readonly FieldProblem[];
  /** Where a setting of ours came from: its path with dots → the path of Krake's key. */
  readonly origins: ReadonlyMap<string, string>;
}

export interface TranslateOptions {
  /** Krake's name of the file for the process that reads it. */
  readonly file: KrakeFile;
  /** Whether a path is a setting of our own, which may stand in Krake's file too. */
  readonly isOwn: (path: string) => boolean;
  /** The names of our own settings, for what is said of unknown ones. */
  readonly ownNames?: readonly string[];
  /** Whether a setting was given elsewhere, by a flag or a variable. */
  readonly isGiven: (path: string) => boolean;
}

/** Keys by which a file is known as one of Krake's: no setting of ours is called like that, save `hooks`, which are the same. */
const marks = [
  "host",
  "port",
  "etcd",
  "log",
  "api_endpoint",
  "debounce",
  "hooks",
  "migration",
  "poll_interval",
  "default_roles",
  "default_role_bindings",
  "tls.client_cert",
  "tls.client_key",
] as const;

/** Whether these are keys of Krake's. */
export function isKrakes(values: Readonly<Record<string, unknown>>): boolean {
  return marks.some((path) => valueAt(values, path) !== undefined);
}

/** Krake's settings as ours. Pure: nothing is read, and what is wrong is in the result. */
export function translateSettings(
  values: Readonly<Record<string, unknown>>,
  options: TranslateOptions,
): TranslatedSettings {
  const hasStore = options.isGiven("store") || valueAt(values, "store") !== undefined;
  const isPlain = coerced(valueAt(values, "tls.enabled"), "flag") === false;
  const walk = new Translation(options, { hasStore, isPlain });
  walk.block(values, "");
  return walk.end();
}

interface Leaf {
  readonly key: KrakeKey;
  readonly value: unknown;
}

/** One walk over a file; what it finds is put together at its end. */
class Translation {
  readonly #options: TranslateOptions;
  readonly #hasStore: boolean;
  /** The file switches TLS off. */
  readonly #isPlain: boolean;
  readonly #keys: ReadonlyMap<string, KrakeKey>;
  readonly #settings: Record<string, unknown> = {};
  readonly #problems: FieldProblem[] = [];
  readonly #notes = new Map<string, string[]>();
  readonly #origins = new Map<string, string>();
  readonly #found = new Map<string, Leaf>();

  constructor(
    options: TranslateOptions,
    file: { readonly hasStore: boolean; readonly isPlain: boolean },
  ) {
    this.#options = options;
    this.#hasStore = file.hasStore;
    this.#isPlain = file.isPlain;
    this.#keys = new Map(krakeKeys[options.file].map((key) => [key.path, key]));
  }

  block(values: Readonly<Record<string, unknown>>, above: string): void {
    for (const [name, value] of Object.entries(values)) {
      const path = above === "" ? name : `${above}.${name}`;
      const key = this.#keys.get(path);
      // A dot in a key itself must not make it look like one that stands deeper.
      if (name.includes(".")) this.#problems.push({ field: path, message: "unknown key" });
      else if (key) this.#leaf(key, value);
      else if (this.#isBlock(path)) this.#inner(path, value);
      else if (this.#options.isOwn(path)) put(this.#settings, path, value);
      else this.#unknown(path, name, above);
    }
  }

  end(): TranslatedSettings {
    this.#listen();
    this.#store();
    const notes = [...this.#notes].map(([text, keys]): SettingsNote => ({
      keys,
      text,
      isImportant: text.startsWith(storeNeeded),
    }));
    const { file } = this.#options;
    if (notYet.includes(file)) this.#refuseFile(file);
    return {
      settings: this.#settings,
      notes,
      problems: this.#problems,
      origins: this.#origins,
    };
  }

  #isBlock(path: string): boolean {
    return [...this.#keys.keys()].some((key) => key.startsWith(`${path}.`));
  }

  #inner(path: string, value: unknown): void {
    if (value === null) return;
    if (typeof value === "object" && !Array.isArray(value)) {
      this.block(value as Readonly<Record<string, unknown>>, path);
      return;
    }
    this.#problems.push({ field: path, message: "expected keys and values" });
  }

  #leaf(key: KrakeKey, given: unknown): void {
    if (given === null || given === undefined) return;
    const value = coerced(given, key.form);
    if (value === undefined) {
      this.#problems.push({ field: key.path, message: `expected ${formNames[key.form]}` });
      return;
    }
    if (key.becomes === undefined) {
      const isEmpty = Array.isArray(value) && value.length === 0;
      if (!isEmpty && key.note !== undefined) this.#note(key.path, this.#textOf(key));
      return;
    }
    if (key.isOfTls === true && this.#isPlain) return this.#note(key.path, withoutTls);
    // Whoever overlooks that nothing is asked of the API looks for a store in vain.
    if (key.path === "api_endpoint" && !this.#hasStore) this.#note(key.path, storeNeeded);
    if (!combined.has(key.becomes)) this.#set(key.becomes, key.path, cleaned(key, value));
    else this.#found.set(key.path, { key, value });
    if (key.path === "log.level") this.#logLevel(value);
  }

  #note(path: string, text: string): void {
    const keys = this.#notes.get(text);
    if (keys) keys.push(path);
    else this.#notes.set(text, [path]);
  }

  /** Without an address of the store, the one of this machine is taken: that must not go by unseen. */
  #textOf({ path, note = "" }: KrakeKey): string {
    return path === "api_endpoint" && !this.#hasStore ? storeNeeded : note;
  }

  #set(ours: string, krakes: string, value: unknown): void {
    put(this.#settings, ours, value);
    this.#origins.set(ours, krakes);
  }

  #logLevel(value: unknown): void {
    const level = logLevels[textOf(value).toUpperCase()];
    if (level !== undefined) return this.#set("log_level", "log.level", level);
    this.#problems.push({
      field: "log.level",
      message: `expected one of ${Object.keys(logLevels).join(", ")}`,
    });
  }

  #listen(): void {
    const host = this.#found.get("host")?.value;
    const port = this.#found.get("port")?.value;
    if (host === undefined && port === undefined) return;
    if (this.#isNamedToo("listen", host === undefined ? "port" : "host")) return;
    const name = typeof host === "string" && host !== "" ? host : "127.0.0.1";
    this.#set("listen", "host", `${bracketed(name)}:${textOf(port ?? 8080)}`);
    if (host === undefined) {
      this.#note(
        "port",
        "without `host`, Krake listens on every address; this server listens on 127.0.0.1",
      );
    }
  }

  #store(): void {
    const host = this.#found.get("etcd.host")?.value;
    const port = this.#found.get("etcd.port")?.value;
    if (host === undefined && port === undefined) return;
    if (this.#isNamedToo("store", "etcd")) return;
    const name = typeof host === "string" && host !== "" ? host : "127.0.0.1";
    this.#set("store", "etcd", `etcd://${bracketed(name)}:${textOf(port ?? 2379)}`);
  }

  #isNamedToo(ours: string, krakes: string): boolean {
    if (this.#settings[ours] === undefined) return false;
    this.#note(krakes, `\`${ours}\` stands in the same file and is what counts`);
    return true;
  }

  #unknown(path: string, name: string, above: string): void {
    const homes = (Object.keys(krakeKeys) as readonly KrakeFile[]).filter((file) =>
      krakeKeys[file].some((key) => key.path === path || key.path.startsWith(`${path}.`)),
    );
    if (homes.length > 0) {
      const isNowhere = homes.every((file) => notYet.includes(file));
      const rest = isNowhere
        ? "there are no such processes here yet"
        : `this process reads Krake's ${this.#options.file}`;
      const message = `a key of Krake's ${homes.join(" and ")}; ${rest}`;
      this.#problems.push({ field: path, message });
      return;
    }
    const level = [...this.#keys.keys(), ...(this.#options.ownNames ?? [])]
      .filter((key) => above === "" || key.startsWith(`${above}.`))
      .map((key) => key.slice(above === "" ? 0 : above.length + 1).split(".")[0]!);
    this.#problems.push({ field: path, message: `unknown key${suggestion(name, level)}` });
  }

  #refuseFile(file: KrakeFile): void {
    this.#problems.length = 0;
    const message = `this is the file of Krake's ${file.split(".")[0]} controller, which does not exist here yet`;
    this.#problems.push({ field: "", message });
  }
}

/** Settings of ours that are made of several keys, or of other words. */
const combined: ReadonlySet<string> = new Set(["listen", "store", "log_level"]);

/** The files of controllers that have no counterpart. */
const notYet: readonly KrakeFile[] = ["infrastructure.yaml", "magnum.yaml"];

const storeNeeded =
  "this process watches the store and not the API, and this file does not say where the store is; add the key " +
  "store: etcd://HOST:PORT with what Krake's api.yaml has in etcd (left out: etcd://127.0.0.1:2379)";

const withoutTls = "certificates for hooks are made only where `tls.enabled` is not false";

const formNames = {
  text: "text",
  number: "a number",
  flag: "true or false",
  list: "a list",
  any: "a value",
} as const;

/** As the readers of Krake take values: YAML 1.1 knows more words for true and false. */
function coerced(value: unknown, form: KrakeKey["form"]): unknown {
  switch (form) {
    case "text":
      return typeof value === "string" ? value : undefined;
    case "number": {
      const isNumber = typeof value === "string" ? value.trim() !== "" : typeof value === "number";
      return isNumber && Number.isFinite(Number(value)) ? Number(value) : undefined;
    }
    case "flag":
      return typeof value === "boolean" ? value : words[textOf(value).toLowerCase()];
    case "list":
      return Array.isArray(value) ? value : undefined;
    case "any":
      return value;
  }
}

const words: Readonly<Record<string, boolean>> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
};

const logLevels: Readonly<Record<string, string>> = {
  DEBUG: "debug",
  NOTSET: "debug",
  INFO: "info",
  WARNING: "warn",
  WARN: "warn",
  ERROR: "error",
  CRITICAL: "error",
  FATAL: "error",
};

/** Endpoints are joined with paths here, and a slash at their end would make two. */
function cleaned({ path }: KrakeKey, value: unknown): unknown {
  return path.endsWith(".endpoint") && typeof value === "string"
    ? value.replace(/\/+$/, "")
    : value;
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** The value at a path with dots; `undefined` where nothing is. */
export function valueAt(values: unknown, path: string): unknown {
  let current: unknown = values;
  for (const part of path.split(".")) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) {
      return undefined;
    }
    current = (current as Readonly<Record<string, unknown>>)[part];
  }
  return current;
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split(".");
  let current = target;
  for (const part of parts.slice(0, -1)) {
    current[part] = { ...(current[part] as Record<string, unknown> | undefined) };
    current = current[part] as Record<string, unknown>;
  }
  current[parts.at(-1)!] = value;
}
