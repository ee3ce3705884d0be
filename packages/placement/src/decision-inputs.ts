import type { Application } from "@octoplane/kinds/application";
import type { Decision } from "@octoplane/kinds/decision";
import { migrationSideOf } from "@octoplane/kinds/migration-hook";
import { wantedManifest } from "@octoplane/kinds/wanted-manifest";
import { limits } from "@octoplane/shared/limits";
import { canonicalJson, fromPlain, toPlain, type Plain } from "@octoplane/shared/plain-data";
import type { Candidate } from "./candidate.ts";
import { decide } from "./decide.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * What a decision was made from, beside the fleet, as data that can be stored: so that it can be made again. No field of a
 * snapshot is known here, so that one that is added is carried.
 */

/** Grows with every change of what `decide` gives for the same inputs. */
export const engineVersion = 2;

type Rest = Omit<Snapshot, "candidates">;

/** All of a snapshot but the fleet, which the journal has. The application is JSON already, and stays as it is. */
export function encodeInputs(
  app: Application,
  { candidates: _fleet, ...rest }: Snapshot,
  detail: number,
): Readonly<Record<string, unknown>> {
  return { app: applicationFacts(app), snapshot: toPlain(rest), detail };
}

/** The way back, with the fleet from elsewhere. Throws for what `encodeInputs` did not give. */
export function decodeInputs(
  inputs: Readonly<Record<string, unknown>>,
  candidates: readonly Candidate[],
): { readonly app: Application; readonly snapshot: Snapshot; readonly detail: number } {
  const { app, snapshot, detail } = inputs;
  if (app === undefined || snapshot === undefined || typeof detail !== "number") {
    throw new TypeError("these are no inputs of a decision");
  }
  // What was encoded had these types; the engine's version tells whether they still are the same.
  const rest = fromPlain(snapshot as Plain) as Rest;
  return { app: app as Application, snapshot: { ...rest, candidates }, detail };
}

/**
 * The application as far as a decision looks at it: without manifests but for what they request, without what was observed
 * of them, and without credentials.
 */
export function applicationFacts(app: Application): Application {
  const { spec, status } = app;
  // Overrides are parts of manifests, and may hold what is secret on one cluster.
  const { overrides: _overrides, ...placement } = spec.placement ?? {};
  // What verbs adjusted is in what is wanted.
  const { adjustments: _adjustments, stopped: _stopped, ...written } = spec;
  return {
    ...app,
    metadata: { ...app.metadata, owners: [], finalizers: [] },
    spec: {
      ...written,
      manifest: manifestFacts(wantedManifest({ ...spec, manifest: spec.manifest ?? [] })),
      ...(spec.placement === undefined ? {} : { placement }),
      tosca: {},
      csar: null,
      observer_schema: [],
    },
    status: {
      ...status,
      mangled_observer_schema: [],
      last_observed_manifest: [],
      last_applied_manifest: [],
      services: {},
      complete_token: null,
      complete_cert: null,
      complete_key: null,
      shutdown_token: null,
      shutdown_cert: null,
      shutdown_key: null,
      copies: (status.copies ?? []).map((copy) => ({ ...copy, objects: [] })),
    },
  };
}

/** The fields of workloads that say what they ask of a cluster; the same names mean the same at every depth. */
const asking = new Set([
  "apiVersion",
  "kind",
  "spec",
  "replicas",
  "parallelism",
  "completions",
  "suspend",
  "template",
  "jobTemplate",
  "containers",
  "initContainers",
  "restartPolicy",
  "resources",
  "requests",
  "limits",
  "overhead",
  "cpu",
  "memory",
]);

type Manifest = Application["spec"]["manifest"];

/** By manifest, which never changes: it is the same for every decision about an application. */
const known = new WeakMap<object, Manifest>();

function manifestFacts(manifest: readonly Manifest[number][]): Manifest {
  let facts = known.get(manifest);
  if (!facts) {
    facts = manifest.filter(isWorkload).map((object) => thinned(object) as typeof object);
    known.set(manifest, facts);
  }
  return facts;
}

function isWorkload(object: Manifest[number]): boolean {
  const { spec } = object;
  // Hooks of a migration request nothing, which nobody could tell any more without their annotations.
  if (migrationSideOf(object) !== undefined) return false;
  if (typeof spec !== "object" || spec === null) return false;
  return ["template", "jobTemplate", "containers"].some((name) => name in spec);
}

function thinned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(thinned);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => asking.has(name));
  return Object.fromEntries(entries.map(([name, part]) => [name, thinned(part)]));
}

export interface Replayed {
  readonly identical: boolean;
  readonly decision: Decision;
  /** Where the two differ: paths such as `candidates.0.score`. */
  readonly differences: readonly {
    readonly field: string;
    readonly recorded: string;
    readonly replayed: string;
  }[];
}

/** Makes a recorded decision again from its inputs and the fleet of then, and compares to the bit. */
export function replay(
  recorded: Decision,
  inputs: Readonly<Record<string, unknown>>,
  candidates: readonly Candidate[],
): Replayed {
  const { app, snapshot, detail } = decodeInputs(inputs, candidates);
  const decision = decide(app, snapshot, detail);
  const { basis: _basis, ...rest } = recorded;
  const [before, after] = [toPlain(rest), toPlain(decision)];
  const identical = canonicalJson(before) === canonicalJson(after);
  return { identical, decision, differences: identical ? [] : differencesOf(before, after) };
}

/** The leaves that differ, as many as anybody reads. */
function differencesOf(before: Plain, after: Plain): Replayed["differences"] {
  const found: { field: string; recorded: string; replayed: string }[] = [];
  const compare = (one: Plain | undefined, other: Plain | undefined, field: string): void => {
    if (found.length >= limits.replayDifferencesMax) return;
    const [a, b] = [partsOf(one), partsOf(other)];
    if (a && b) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare(a[name], b[name], field === "" ? name : `${field}.${name}`);
      }
      return;
    }
    const [recorded, replayed] = [textOfPart(one), textOfPart(other)];
    if (recorded !== replayed) found.push({ field, recorded, replayed });
  };
  compare(before, after, "");
  return found;
}

function partsOf(plain: Plain | undefined): Readonly<Record<string, Plain>> | undefined {
  return typeof plain === "object" && plain !== null
    ? ({ ...plain } as Readonly<Record<string, Plain>>)
    : undefined;
}

function textOfPart(plain: Plain | undefined): string {
  if (plain === undefined) return "nothing";
  return canonicalJson(plain).slice(0, limits.messageCharsMax);
}
