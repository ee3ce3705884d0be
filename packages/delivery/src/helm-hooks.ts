import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import { migrationSideOf } from "@octoplane/kinds/migration-hook";
import { digestOf } from "./digest.ts";
import { phaseOf, phases } from "./phase.ts";
import { annotationsOf } from "./wishes.ts";

/**
 * Hooks of Helm in a manifest that was rendered (Helm documentation, "Chart Hooks"): objects that are made at a moment in the
 * life of an application, before or behind the others, and not looked after when that moment is over. All pure.
 */

/** `migrate`: none of Helm's, and run in the same way (`migration-hooks.ts`). */
export type HookEvent = "install" | "upgrade" | "delete" | "migrate";
export type HookSide = "pre" | "post";

export interface Hook {
  readonly item: ManifestObject;
  readonly moments: readonly string[];
  readonly weight: number;
  /** When what it made goes again; Helm's own choice when nothing is said. */
  readonly policies: readonly string[];
}

const hookAnnotation = "helm.sh/hook";
const weightAnnotation = "helm.sh/hook-weight";
const policyAnnotation = "helm.sh/hook-delete-policy";

/** Definitions that Helm 2 wanted first; ours always come first. */
const ordinary = new Set(["crd-install"]);

/**
 * What stands for good, and what is made at moments only. Tests of charts are neither: nobody asked for them to run; and Jobs of a
 * migration have a moment of their own.
 */
export function splitHooks(manifest: readonly ManifestObject[]): {
  readonly standing: readonly ManifestObject[];
  readonly hooks: readonly Hook[];
} {
  const standing: ManifestObject[] = [];
  const hooks: Hook[] = [];
  for (const item of manifest) {
    if (migrationSideOf(item) !== undefined) continue;
    const annotations = annotationsOf(item);
    const moments = wordsOf(annotations[hookAnnotation]);
    if (moments.every((moment) => ordinary.has(moment))) {
      standing.push(item);
      continue;
    }
    const policies = wordsOf(annotations[policyAnnotation]);
    hooks.push({
      item,
      moments,
      weight: numberIn(annotations[weightAnnotation]),
      policies: policies.length === 0 ? ["before-hook-creation"] : policies,
    });
  }
  return { standing, hooks };
}

/** The hooks of one side of an event in the order in which they are made; those of one step at once. */
export function hookSteps(
  hooks: readonly Hook[],
  moment: { readonly side: HookSide; readonly event: HookEvent },
): readonly (readonly Hook[])[] {
  const meant = hooks.filter(({ moments }) => moments.includes(`${moment.side}-${moment.event}`));
  const steps = new Map<number, Map<number, Hook[]>>();
  for (const hook of meant) {
    const byPhase = steps.get(hook.weight) ?? new Map<number, Hook[]>();
    steps.set(hook.weight, byPhase);
    const phase = phaseNumber(hook.item);
    byPhase.set(phase, [...(byPhase.get(phase) ?? []), hook]);
  }
  return sorted(steps).flatMap(([, byPhase]) => sorted(byPhase).map(([, step]) => step));
}

/** What an upgrade is told by: another manifest, hooks included. */
export function manifestDigest(manifest: readonly ManifestObject[]): string {
  return digestOf(manifest);
}

function phaseNumber(item: ManifestObject): number {
  const identity = identify(item);
  return "problem" in identity ? 0 : phases.indexOf(phaseOf(identity));
}

function sorted<T>(map: ReadonlyMap<number, T>): readonly (readonly [number, T])[] {
  return [...map].toSorted(([a], [b]) => a - b);
}

/** Annotations are texts; what is no number counts as none. */
function numberIn(value: unknown): number {
  const number = typeof value === "string" || typeof value === "number" ? Number(value) : 0;
  return Number.isFinite(number) ? number : 0;
}

function wordsOf(value: unknown): readonly string[] {
  if (typeof value !== "string") return [];
  return value
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
