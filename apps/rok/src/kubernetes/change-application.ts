import type { Preference } from "@octoplane/kinds/constraints";
import type { Delivery } from "@octoplane/kinds/delivery";
import type { NeighbourRule, SpreadRule } from "@octoplane/kinds/neighbour-rule";
import type { PlacementChoice } from "@octoplane/kinds/placement-choice";
import type { Toleration } from "@octoplane/kinds/taint";
import { failure } from "@octoplane/shared/errors";
import type { NamedNumber, ShutdownHook } from "../input/option-values.ts";
import { changedCopies, type CopyFlags } from "./change-copies.ts";
import { changedDelivery, type DeliveryFlags } from "./change-delivery.ts";
import { withInputs } from "./tosca-inputs.ts";
import { changedConstraints, changedPin, type NeighbourFlags } from "./change-neighbours.ts";

/** What the flags of `app create` and `app update` ask for. */
export interface ApplicationFlags extends BackoffFlags, CopyFlags, DeliveryFlags, NeighbourFlags {
  readonly url?: string;
  readonly input?: Readonly<Record<string, string>>;
  readonly enableMigration?: boolean;
  readonly disableMigration?: boolean;
  readonly label?: Readonly<Record<string, string>>;
  readonly clusterLabelConstraint?: readonly string[];
  readonly clusterResourceConstraint?: readonly string[];
  readonly clusterMetricConstraint?: readonly string[];
  readonly clusterLabelPreference?: readonly Preference[];
  readonly clusterMetricPreference?: readonly Preference[];
  readonly toleration?: readonly Toleration[];
  readonly policy?: string;
  readonly weight?: Readonly<Record<string, number>>;
  readonly removePolicy?: boolean;
  readonly removeExistingWeights?: boolean;
  readonly removeExistingPreferences?: boolean;
  readonly removeExistingTolerations?: boolean;
  readonly removeExistingLabels?: boolean;
  readonly removeExistingLabelConstraints?: boolean;
  readonly removeExistingResourceConstraints?: boolean;
  readonly removeExistingMetricConstraints?: boolean;
  readonly hookComplete?: boolean;
  readonly hookShutdown?: ShutdownHook;
  readonly autoClusterCreate?: boolean;
}

export interface BackoffFlags {
  readonly backoff?: number;
  readonly backoffDelay?: number;
  readonly backoffLimit?: number;
}

/** What came out of the files that were named. */
export interface ApplicationFiles {
  readonly documents?: readonly Readonly<Record<string, unknown>>[];
  readonly observerSchema?: readonly Readonly<Record<string, unknown>>[];
  readonly overrides?: readonly Readonly<Record<string, unknown>>[];
}

interface ApplicationSpec {
  readonly constraints?: {
    readonly cluster?: {
      readonly labels?: readonly string[] | null;
      readonly custom_resources?: readonly string[];
      readonly metrics?: readonly string[] | null;
      readonly preferred?: readonly Preference[];
      readonly expressions?: readonly string[];
      readonly applications?: readonly NeighbourRule[];
      readonly spread?: readonly SpreadRule[];
      readonly ignore_capacity?: boolean;
    };
    readonly migration?: boolean;
  };
  readonly hooks?: readonly string[];
  readonly tolerations?: readonly Toleration[];
  readonly placement?: PlacementChoice;
  readonly delivery?: Delivery;
  readonly [field: string]: unknown;
}

interface Labelled {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * The application with what was named changed, and nothing else: labels and constraints are added
 * to those that are there, unless these are to be removed first. Pure; works on a new application
 * (nothing in it) as well as on a stored one.
 */
export function changeApplication<
  A extends { readonly metadata: Labelled; readonly spec: ApplicationSpec },
>(app: A, flags: ApplicationFlags, files: ApplicationFiles): A {
  const { constraints, hooks } = app.spec;
  const cluster = constraints?.cluster;
  const labels = added(
    flags.removeExistingLabelConstraints === true ? [] : cluster?.labels,
    flags.clusterLabelConstraint,
  );
  const custom_resources = added(
    flags.removeExistingResourceConstraints === true ? [] : cluster?.custom_resources,
    flags.clusterResourceConstraint,
  );
  const metrics = added(
    flags.removeExistingMetricConstraints === true ? [] : cluster?.metrics,
    flags.clusterMetricConstraint,
  );
  const weighed = changedPolicy(app.spec.placement, flags);
  const delivery = changedDelivery(app.spec.delivery, flags);
  const placement = changedCopies(changedPin(weighed, flags), flags, files.overrides);
  return {
    ...app,
    metadata: { ...app.metadata, labels: changedLabels(app.metadata, flags) },
    spec: {
      ...app.spec,
      ...source(app.spec, flags, files),
      ...(files.observerSchema ? { observer_schema: files.observerSchema } : {}),
      constraints: {
        ...constraints,
        cluster: {
          ...cluster,
          labels,
          custom_resources,
          metrics,
          ...preferences(cluster?.preferred, flags),
          ...changedConstraints(cluster, flags),
        },
        ...migration(flags),
      },
      ...tolerations(app.spec.tolerations, flags),
      ...(placement === undefined ? {} : { placement }),
      ...(delivery === undefined ? {} : { delivery }),
      ...hookFields(hooks ?? [], flags),
      ...backoffFields(flags),
      ...(flags.autoClusterCreate === undefined
        ? {}
        : { auto_cluster_create: flags.autoClusterCreate }),
    },
  };
}

export function changedLabels(
  metadata: Labelled,
  flags: {
    readonly label?: Readonly<Record<string, string>>;
    readonly removeExistingLabels?: boolean;
  },
): Readonly<Record<string, string>> {
  return { ...(flags.removeExistingLabels === true ? {} : metadata.labels), ...flags.label };
}

export function backoffFields(flags: BackoffFlags): Readonly<Record<string, number>> {
  const fields = {
    backoff: flags.backoff,
    backoff_delay: flags.backoffDelay,
    backoff_limit: flags.backoffLimit,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The texts that are there, then the new ones, each once. */
export function added(
  before: readonly string[] | null | undefined,
  more: readonly string[] | undefined,
): readonly string[] {
  return [...new Set([...(before ?? []), ...(more ?? [])])];
}

/** A constraint that is preferred already gets the new weight. */
function preferences(
  before: readonly Preference[] | undefined,
  flags: ApplicationFlags,
): { readonly preferred?: readonly Preference[] } {
  const { clusterLabelPreference = [], clusterMetricPreference = [] } = flags;
  const { clusterExpressionPreference = [] } = flags;
  const more = [
    ...clusterLabelPreference,
    ...clusterMetricPreference,
    ...clusterExpressionPreference,
  ];
  const isCleared = flags.removeExistingPreferences === true;
  if (more.length === 0 && !isCleared) return {};
  const all = [...(isCleared ? [] : (before ?? [])), ...more];
  const byText = all.map((one) => [textsOf(one), one] as const);
  return { preferred: [...new Map(byText).values()] };
}

function textsOf({ labels, metrics, expression }: Preference): string {
  return JSON.stringify([labels, metrics, expression]);
}

/** One that differs from another in its seconds only takes the place of that one. */
function tolerations(
  before: readonly Toleration[] | undefined,
  flags: ApplicationFlags,
): { readonly tolerations?: readonly Toleration[] } {
  const isCleared = flags.removeExistingTolerations === true;
  if (flags.toleration === undefined && !isCleared) return {};
  const all = [...(isCleared ? [] : (before ?? [])), ...(flags.toleration ?? [])];
  const byMeaning = all.map((one) => {
    const { key, operator, value, effect } = one;
    return [JSON.stringify([key, operator, value, effect]), one] as const;
  });
  return { tolerations: [...new Map(byMeaning).values()] };
}

/** The policy is replaced; a metric that is weighed already gets its new weight. */
function changedPolicy(
  before: PlacementChoice | undefined,
  flags: ApplicationFlags,
): PlacementChoice | undefined {
  const { policy, weight, removePolicy, removeExistingWeights } = flags;
  if (![policy, weight, removePolicy, removeExistingWeights].some((one) => one !== undefined)) {
    return before;
  }
  const { policy: named, weights: weighedBefore, ...others } = before ?? {};
  const chosen = policy ?? (removePolicy === true ? undefined : named);
  const weights = { ...(removeExistingWeights === true ? {} : weighedBefore), ...weight };
  return {
    ...others,
    ...(chosen === undefined ? {} : { policy: chosen }),
    ...(Object.keys(weights).length === 0 ? {} : { weights }),
  };
}

/** References to metrics: a name that is there gets the new weight, another one is added. */
export function weighed(
  before: readonly MetricRef[],
  flags: {
    readonly metric?: readonly NamedNumber[];
    readonly globalMetric?: readonly NamedNumber[];
  },
): readonly MetricRef[] {
  const refs = new Map(before.map((ref) => [`${ref.namespaced} ${ref.name}`, ref]));
  const put = (list: readonly NamedNumber[] | undefined, namespaced: boolean): void => {
    for (const { name, value } of list ?? []) {
      refs.set(`${namespaced} ${name}`, { name, weight: value, namespaced });
    }
  };
  put(flags.metric, true);
  put(flags.globalMetric, false);
  return [...refs.values()];
}

export interface MetricRef {
  readonly name: string;
  readonly weight: number;
  readonly namespaced: boolean;
}

/**
 * Manifests, a TOSCA template, or the URL of one or of an archive; the new one takes the place of
 * any other. Inputs go into the new template, or else into the one that is there.
 */
function source(before: ApplicationSpec, flags: ApplicationFlags, files: ApplicationFiles): object {
  const none = { manifest: [], tosca: {}, csar: null };
  const { documents } = files;
  const { url, input } = flags;
  if (documents && url !== undefined) {
    throw failure("Invalid", "expected either --file or --url, not both");
  }
  if (url !== undefined) {
    if (input) throw failure("Invalid", "--input: give the template itself, with --file");
    const isArchive = /\.(?:zip|csar)$/i.test(url);
    return { ...none, ...(isArchive ? { csar: url } : { tosca: url }) };
  }
  if (!documents) return input ? { tosca: withInputs(templateOf(before), input) } : {};
  const isTosca = documents.map((document) => "tosca_definitions_version" in document);
  if (!isTosca.includes(true)) {
    if (input) throw failure("Invalid", "--input: only a TOSCA template has inputs");
    return { ...none, manifest: documents };
  }
  const [template, ...others] = documents;
  if (template && others.length === 0) {
    return { ...none, tosca: input ? withInputs(template, input) : template };
  }
  throw failure("Invalid", "expected one TOSCA template by itself, or manifests only");
}

function templateOf({ tosca }: ApplicationSpec): Readonly<Record<string, unknown>> {
  if (typeof tosca === "object" && tosca !== null && "tosca_definitions_version" in tosca) {
    return tosca as Readonly<Record<string, unknown>>;
  }
  throw failure("Invalid", "--input: the application has no TOSCA template of its own");
}

function migration(flags: ApplicationFlags): { readonly migration?: boolean } {
  if (flags.enableMigration === true) return { migration: true };
  return flags.disableMigration === true ? { migration: false } : {};
}

function hookFields(hooks: readonly string[], flags: ApplicationFlags): object {
  const { hookComplete, hookShutdown: shutdown } = flags;
  const named = [...(hookComplete === true ? ["complete"] : []), ...(shutdown ? ["shutdown"] : [])];
  return {
    ...(named.length === 0 ? {} : { hooks: added(hooks, named) }),
    ...(shutdown?.timeoutSeconds === undefined
      ? {}
      : { shutdown_grace_time: shutdown.timeoutSeconds }),
    ...(shutdown?.strategy === undefined ? {} : { shutdown_failure_strategy: shutdown.strategy }),
    ...(shutdown?.retries === undefined ? {} : { shutdown_retry_count: shutdown.retries }),
  };
}
