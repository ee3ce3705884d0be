import { isDeepStrictEqual } from "node:util";
import { digestOf } from "@octoplane/delivery/digest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import {
  conditionOf,
  dropCondition,
  setCondition,
  type Condition,
  type Finding,
} from "@octoplane/kinds/condition";
import { anyKind } from "@octoplane/kinds/kind";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import type { ManifestSource, Translation } from "@octoplane/kinds/manifest-source";
import { readInput } from "@octoplane/kinds/read-input";
import type { Result } from "@octoplane/reconcile/controller";
import { parseRef } from "@octoplane/resources/keys";
import type { Repository } from "@octoplane/resources/repository";
import { isoTime, type Clock } from "@octoplane/shared/clock";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { problemsText, translate } from "@octoplane/tosca/translate";
import type { BoundedFetch } from "./bounded-fetch.ts";
import { loadTemplate } from "./load-template.ts";
import type { SourceFetch } from "./source-fetch.ts";
import { translationNeed, withTranslation, type TranslationNeed } from "./translation-need.ts";

export interface TranslationWorld {
  readonly repository: Pick<Repository<Application>, "update" | "updateStatus">;
  readonly clock: Clock;
  readonly fetchSource: SourceFetch;
  /** Told of each status that was written. */
  wrote(key: string, app: Application): void;
}

interface Work {
  readonly key: string;
  readonly app: Application;
  readonly signal: AbortSignal;
}

/**
 * Makes the manifest of an application from its template and writes it into the specification, once for each template. Gives
 * the result of the whole reconcile while there is something to do here; `undefined` when the manifest is what it should be.
 *
 * First it is written down what the template becomes, then the manifest itself: after a crash in between the same is done again,
 * and a manifest that was made here is always known to be.
 */
export async function translateApplication(
  world: TranslationWorld,
  work: Work,
): Promise<Result | undefined> {
  const need = translationNeed(work.app);
  if (need.kind === "due") return await translateNow(world, work, need);
  await tell(world, work, { said: need.kind === "none" ? null : standing[need.kind] });
  return undefined;
}

const type = "Translated";
const code = "INVALID_TOSCA_MANIFEST";

type Said = Omit<Finding, "type" | "observed_generation">;

const standing: Readonly<Record<"kept" | "done", Said>> = {
  done: { status: "True", reason: "Translated", message: "" },
  kept: {
    status: "True",
    reason: "ManifestKept",
    message:
      "the manifest was changed by hand and no longer follows the template; an empty spec.manifest is made anew",
  },
};

type Due = Extract<TranslationNeed, { readonly kind: "due" }>;

async function translateNow(
  world: TranslationWorld,
  work: Work,
  { source, digest }: Due,
): Promise<Result | undefined> {
  const { app } = work;
  const told = conditionOf(app.status.conditions, type);
  // What an attempt at this specification has come to is told until something else is known.
  const isFirst = told?.status === "True" || told?.observed_generation !== app.metadata.generation;
  const underWay: Said = { status: "Unknown", reason: "Translating", message: "" };
  const begun = isFirst ? { ...work, app: await tell(world, work, { said: underWay }) } : work;
  const outcome = await outcomeOf(world, source, work);
  // Behind a URL something else may stand later; what stands in the specification changes with it.
  const refused: Result =
    "template" in source ? {} : { failed: true, mostMs: limits.refusedRetryMs };
  if ("manifest" in outcome) {
    const fault = await writeManifest(world, begun, { manifest: outcome.manifest, source: digest });
    if (typeof fault !== "string") return fault;
    await tell(world, begun, { said: { status: "False", reason: code, message: fault } });
    return refused;
  }
  const { message, canPass } = outcome;
  const status = canPass ? "Unknown" : "False";
  await tell(world, begun, { said: { status, reason: code, message } });
  return canPass ? { failed: true } : refused;
}

type Outcome =
  | { readonly manifest: readonly ManifestObject[] }
  | { readonly message: string; readonly canPass: boolean };

async function outcomeOf(
  { fetchSource }: TranslationWorld,
  source: ManifestSource,
  { key, signal }: Work,
): Promise<Outcome> {
  try {
    const fetch: BoundedFetch = (url, until) => fetchSource(key, url, until);
    const result = translate(await loadTemplate(source, fetch, signal));
    if ("manifest" in result) return result;
    return { message: problemsText(result.problems), canPass: false };
  } catch (error) {
    // A conflict is nobody's fault: the application is another one by now.
    if (signal.aborted || !isFailure(error) || error.code === "Conflict") throw error;
    return { message: error.message, canPass: isFailure(error, "Unavailable", "Timeout") };
  }
}

/**
 * Writes the manifest into the specification that it was made from, and into no later one. Gives `undefined` when it stands
 * there already, and a text when it may not stand there: objects and overrides that do not fit, or too much for the store.
 */
async function writeManifest(
  world: TranslationWorld,
  work: Work,
  made: { readonly manifest: readonly ManifestObject[]; readonly source: string },
): Promise<Result | string | undefined> {
  const { metadata, spec } = work.app;
  const { manifest, source } = made;
  try {
    const body = { metadata, spec: { ...spec, manifest } };
    const input = readInput(anyKind(ApplicationKind), body);
    const translation = { source, manifest: digestOf(manifest) };
    if (isDeepStrictEqual(manifest, spec.manifest)) {
      await tell(world, work, { said: standing.done, made: translation });
      return undefined;
    }
    await tell(world, work, { made: translation });
    await world.repository.update(parseRef(work.key), input, { isWhole: true });
    // The specification is another one now, which wakes everybody: the scheduler first, and then us.
    return {};
  } catch (error) {
    if (isFailure(error, "Conflict")) return { failed: true };
    if (isFailure(error, "NotFound", "Terminating")) return {};
    if (isFailure(error, "Invalid", "TooLarge")) return error.message;
    throw error;
  }
}

interface News {
  /** `null`: there is no template any more, and nothing to be said of it. */
  readonly said?: Said | null;
  readonly made?: Translation;
}

/** Writes down what was found out, if that is new, and gives the application with it. */
async function tell(
  world: TranslationWorld,
  { key, app }: Work,
  { said, made }: News,
): Promise<Application> {
  const written = await world.repository.updateStatus(
    parseRef(key),
    app.metadata.uid,
    (current) => {
      const { status } = current;
      const now = isoTime(world.clock.now());
      const conditions = conditionsAfter(status.conditions, said, {
        // What was looked at, which need not be what is there by now.
        generation: app.metadata.generation,
        now,
      });
      const translations =
        made === undefined ? status.translations : withTranslation(status.translations, made);
      const isNews =
        conditions !== status.conditions || !isDeepStrictEqual(translations, status.translations);
      if (!isNews) return undefined;
      const kept = translations === undefined ? {} : { translations };
      return { status: { ...status, conditions: [...conditions], ...kept } };
    },
    app,
  );
  if (written !== app) world.wrote(key, written);
  return written;
}

function conditionsAfter(
  conditions: readonly Condition[],
  said: Said | null | undefined,
  at: { readonly generation: number; readonly now: string },
): readonly Condition[] {
  if (said === undefined) return conditions;
  if (said === null) return dropCondition(conditions, type);
  const before = conditionOf(conditions, type);
  // What holds goes on to hold when something else of the specification changes.
  const holds = said.status === "True" && before?.status === "True";
  if (holds && before.reason === said.reason) return conditions;
  const message = said.message.slice(0, limits.messageCharsMax);
  const finding = { ...said, type, message, observed_generation: at.generation };
  return setCondition(conditions, finding, at.now);
}
