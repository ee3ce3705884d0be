import { stat } from "node:fs/promises";
import { join } from "node:path";
import { failure, invalid, type FieldProblem } from "@octoplane/shared/errors";
import { krakeFileOf, type KrakeFile } from "@octoplane/shared/krake-settings/krake-keys";
import { translateSettings, valueAt } from "@octoplane/shared/krake-settings/translate-settings";
import { readSettingsFile, type SettingsFile } from "@octoplane/shared/settings-file";

/** What the files of a Krake say in our terms. */
export interface KrakeChoices {
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly notes: readonly string[];
}

const staticKey = "authentication.strategy.static.enabled";
const staticText =
  "not taken over: who sends no credentials is refused, and the administrator has a credential of its own; true in the " +
  "new file brings it back";

/** Reads those of Krake's files that are in the folder. `Invalid` with file and line of everything that does not do. */
export async function readKrakeChoices(folder: string): Promise<KrakeChoices> {
  const notes: string[] = [];
  const problems: FieldProblem[] = [];
  const settings: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const name of Object.values(krakeFileOf)) {
    const path = join(folder, name);
    if (!(await isFile(path))) continue;
    const file = await readSettingsFile(path);
    const result = translate(file, name);
    settings[name] = result.settings;
    problems.push(...result.problems);
    notes.push(...result.notes);
  }
  if (Object.keys(settings).length === 0) {
    throw failure("Invalid", `${folder} holds none of Krake's files (api.yaml, scheduler.yaml, …)`);
  }
  if (problems.length > 0) throw invalid(problems);
  return { settings, notes };
}

function translate(file: SettingsFile, name: KrakeFile) {
  const { settings, problems, notes } = translateSettings(file.values, {
    file: name,
    isOwn: () => false,
    // What the generator writes says where the store is.
    isGiven: (path) => path === "store",
  });
  const isStatic = valueAt(settings, staticKey) === true;
  return {
    settings: isStatic ? withoutStatic(settings) : settings,
    problems: problems.map(({ field, message }) => ({
      field: `${file.placeOf(field.split("."))}: ${field}`,
      message,
    })),
    notes: [
      ...notes.map(({ keys, text }) => `${name}: ${keys.join(", ")}: ${text}`),
      ...(isStatic ? [`${name}: ${staticKey}: ${staticText}`] : []),
    ],
  };
}

/** The strategy is off, and its name stays: who wants it back has to change one word. */
function withoutStatic(
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const changed = structuredClone(settings);
  const found = valueAt(changed, "authentication.strategy.static") as { enabled: boolean };
  found.enabled = false;
  return changed;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
