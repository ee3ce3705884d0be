import { isFacts, type Facts } from "@octoplane/kinds/manifest-facts";
import { greatestKey, leastKey } from "@octoplane/kinds/observer-schema";
import { isOfHook } from "./hook-objects.ts";

/**
 * Which fields of an object are ours, by an observer schema (contract section 6.4): those that are null in it. All pure.
 *
 * What the manifest does not set has the value that it was found with. Some lists and structures are one value to a server
 * (Kubernetes documentation, "Server-Side Apply", merge strategy): of those everything is ours as soon as a part of them is.
 */

/** The lists of built-in kinds whose elements are told apart, and by which fields; every other list is one value. */
const elementKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  imagePullSecrets: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  hostAliases: ["ip"],
  ports: ["containerPort", "port", "protocol"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
};

/** Structures that are one value. */
const whole: ReadonlySet<string> = new Set(
  (
    "selector labelSelector namespaceSelector nodeSelector roleRef claimRef secretKeyRef configMapKeyRef " +
    "fieldRef resourceFieldRef secretRef dataSource dataSourceRef nodePublishSecretRef"
  ).split(" "),
);

/** Kinds of which the above is known. */
const builtIn: ReadonlySet<string> = new Set(["", "apps", "batch"]);

export interface FieldSources {
  readonly group: string;
  /** True to pick those values only that the manifest does not have. */
  readonly isPin?: boolean;
  /** What the manifest says. */
  readonly wanted: unknown;
  /** Where a value comes from that the manifest does not have: what was found first. */
  readonly found: unknown;
}

/** The part of an object that is ours; `undefined` when nothing is. What only a server writes never is. */
export function observedFields(schema: Facts, sources: FieldSources): Facts {
  const { status: _status, ...fields } = schema;
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = fields;
  const { name: _name, namespace: _namespace, ...others } = isFacts(metadata) ? metadata : {};
  const picked = pick({ ...rest, metadata: others }, sources, "");
  return isFacts(picked) ? picked : {};
}

function pick(schema: unknown, sources: FieldSources, name: string): unknown {
  const { wanted, found } = sources;
  const own = sources.isPin === true ? undefined : wanted;
  if (schema === null) return wanted === undefined ? found : own;
  if (whole.has(name) && wanted !== undefined) return own;
  if (Array.isArray(schema)) return pickList(schema.slice(0, -1) as unknown[], sources, name);
  if (!isFacts(schema)) return undefined;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(schema)) {
    const value = pick(inner, inside(sources, key), key);
    if (value !== undefined) result[key] = value;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function inside(sources: FieldSources, key: string): FieldSources {
  const { wanted, found } = sources;
  return {
    ...sources,
    wanted: isFacts(wanted) ? wanted[key] : undefined,
    found: isFacts(found) ? found[key] : undefined,
  };
}

function pickList(listed: readonly unknown[], sources: FieldSources, name: string): unknown {
  const { group, wanted, found, isPin } = sources;
  const keys = builtIn.has(group) ? elementKeys[name] : undefined;
  if (keys === undefined || !Array.isArray(wanted)) return isPin === true ? undefined : wanted;
  // Those of hooks were put in later, and are not what the schema counts.
  const ordinary = (wanted as readonly unknown[]).filter((element) => !isOfHook(element));
  const elements: unknown[] = [];
  for (const [index, inner] of listed.entries()) {
    const element = ordinary[index];
    if (!isFacts(element)) continue;
    const live = elementLike(found, element, keys);
    const part = pick(inner, { ...sources, wanted: element, found: live }, "");
    if (part === undefined && isPin === true) continue;
    const identity = Object.fromEntries(
      keys.filter((key) => key in element).map((key) => [key, element[key]]),
    );
    elements.push({ ...identity, ...(isFacts(part) ? part : {}) });
  }
  return elements.length === 0 ? undefined : elements;
}

/** The element of a list that is the same one by its keys. */
function elementLike(list: unknown, element: Facts, keys: readonly string[]): unknown {
  if (!Array.isArray(list)) return undefined;
  return (list as readonly unknown[]).find(
    (one) =>
      isFacts(one) && keys.every((key) => element[key] === undefined || one[key] === element[key]),
  );
}

/** A list that is shorter or longer than the schema has it. */
export interface WrongLength {
  /** For people: `spec.template.spec.containers`. */
  readonly field: string;
  readonly isShort: boolean;
  /** JSON pointers (RFC 6901) of what is too much and not in the manifest; the last ones first. */
  readonly extra: readonly string[];
}

/** The lists of an object as it stands whose lengths are not those of the schema; 0 as the greatest is no limit. */
export function wrongLengths(
  schema: Facts,
  wanted: unknown,
  live: unknown,
): readonly WrongLength[] {
  const wrong: WrongLength[] = [];
  const { metadata: _metadata, status: _status, ...rest } = schema;
  measure(rest, { wanted, live, path: [], name: "" }, wrong);
  return wrong;
}

interface Spot {
  readonly wanted: unknown;
  readonly live: unknown;
  readonly path: readonly (string | number)[];
  readonly name: string;
}

function measure(schema: unknown, spot: Spot, wrong: WrongLength[]): void {
  const { wanted, live, path } = spot;
  if (Array.isArray(schema)) return measureList(schema as unknown[], spot, wrong);
  if (!isFacts(schema)) return;
  for (const [key, inner] of Object.entries(schema)) {
    const next = {
      wanted: isFacts(wanted) ? wanted[key] : undefined,
      live: isFacts(live) ? live[key] : undefined,
      path: [...path, key],
      name: key,
    };
    measure(inner, next, wrong);
  }
}

function measureList(schema: readonly unknown[], spot: Spot, wrong: WrongLength[]): void {
  const { path, name } = spot;
  const wanted = listIn(spot.wanted).filter((element) => !isOfHook(element));
  const live = listIn(spot.live);
  const length = live.filter((element) => !isOfHook(element)).length;
  const bounds = schema.at(-1) as Facts;
  const [least, greatest] = [Number(bounds[leastKey]), Number(bounds[greatestKey])];
  const keys = elementKeys[name];
  const isKnown = (element: unknown): boolean =>
    wanted.some((one) =>
      isFacts(one) && keys !== undefined
        ? elementLike([element], one, keys) !== undefined
        : JSON.stringify(one) === JSON.stringify(element),
    );
  const tooMany = greatest === 0 ? 0 : Math.max(0, length - greatest);
  const extra = live
    .map((element, index) => ({ element, index }))
    .filter(({ element }) => !isOfHook(element) && !isKnown(element))
    .map(({ index }) => pointer([...path, index]))
    .toReversed()
    .slice(0, tooMany);
  const isShort = length < least && wanted.length > length;
  if (isShort || extra.length > 0) wrong.push({ field: path.join("."), isShort, extra });
  for (const [index, inner] of schema.slice(0, -1).entries()) {
    const element = wanted[index];
    if (!isFacts(element) || keys === undefined) continue;
    const found = elementLike(live, element, keys);
    const at = live.indexOf(found);
    if (at < 0) continue;
    measure(inner, { wanted: element, live: found, path: [...path, at], name: "" }, wrong);
  }
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function pointer(path: readonly (string | number)[]): string {
  return path
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/** The schema of an object that has none: everything that is written in it, and lists as long as they are. */
export function defaultSchema(item: Facts): Facts {
  const { apiVersion, kind, metadata, ...rest } = item;
  const { name, ...others } = isFacts(metadata) ? metadata : {};
  return {
    apiVersion,
    kind,
    metadata: { ...(emptied(others) as Facts), name },
    ...(emptied(rest) as Facts),
  };
}

function emptied(value: unknown): unknown {
  if (Array.isArray(value)) {
    const bounds = { [leastKey]: value.length, [greatestKey]: value.length };
    return [...value.map(emptied), bounds];
  }
  if (!isFacts(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, emptied(inner)]));
}
