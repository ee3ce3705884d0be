import { wholeSchema } from "@octoplane/delivery/observed-object";
import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import { limits } from "@octoplane/shared/limits";
import type { PlaceOutcome } from "../apply-place.ts";

type Told = Pick<
  ApplicationStatus,
  "mangled_observer_schema" | "last_applied_manifest" | "last_observed_manifest"
>;

/**
 * What Krake's clients read of observed fields: of applications with a schema, for the objects that it names, at the first place.
 * A list that is larger than a status should hold is left out. Pure.
 */
export function observedStatus(
  { spec }: Pick<Application, "spec">,
  outcomes: readonly Pick<PlaceOutcome, "place" | "result">[],
): Partial<Told> {
  if (spec.observer_schema.length === 0) {
    return { mangled_observer_schema: [], last_applied_manifest: [], last_observed_manifest: [] };
  }
  const mangled = bounded(wholeSchema(spec.observer_schema, spec.manifest));
  const { pairs = [] } = outcomes.find(({ place }) => place.index === 0)?.result ?? {};
  // Nothing was looked at: what was seen last stands.
  if (pairs.length === 0) return { mangled_observer_schema: mangled };
  return {
    mangled_observer_schema: mangled,
    last_applied_manifest: bounded(pairs.map(({ applied }) => applied)),
    last_observed_manifest: bounded(
      pairs.map(({ seen }) => seen).filter((seen) => seen !== undefined),
    ),
  };
}

function bounded(
  objects: readonly Readonly<Record<string, unknown>>[],
): Told["last_applied_manifest"] {
  const size = Buffer.byteLength(JSON.stringify(objects));
  return size > limits.observedStatusBytesMax ? [] : [...objects];
}
