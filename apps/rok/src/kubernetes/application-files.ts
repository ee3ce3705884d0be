import type { WriteFlags } from "../commands/application.ts";
import { usageError } from "../exit-status.ts";
import { readManifestFiles, readSources, type ManifestFiles } from "../input/manifest-files.ts";
import { renderChart } from "../input/render-chart.ts";
import { renderKustomization } from "../input/render-kustomization.ts";
import { plainText } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import type { ApplicationFiles } from "./change-application.ts";
import { inject } from "./inject.ts";
import { refuseLookAlikes } from "./refuse-look-alikes.ts";
import { withoutTests } from "./test-hooks.ts";

/** What the flags of an application name, read and rendered. */
export interface ReadApplication {
  readonly files: ApplicationFiles;
  /** Where each document of the manifest came from. */
  readonly places: readonly string[];
  /** Said when the application was written: what a chart was, and what it tells its user. */
  readonly after: readonly string[];
}

/** What a chart is rendered for. */
interface Target {
  readonly name: string;
  /** That on the cluster; asked for when there is a chart. */
  namespace(): Promise<string>;
}

/** Reads all that is named, before anything is written. Rendering happens here, and never again. */
export async function readApplicationFiles(
  options: WriteFlags,
  session: Session,
  target: Target,
): Promise<ReadApplication> {
  checkSources(options);
  const note = (text: string): void => session.note(plainText(text));
  const { read, after } = await readManifest(options, session, target);
  const { observerSchemaFile: schema, inject: values } = options;
  const observer =
    schema === undefined ? undefined : await readManifestFiles([schema], session.io, note);
  const overrides =
    typeof options.overrides === "string"
      ? await readManifestFiles([options.overrides], session.io, note, { what: "overrides" })
      : undefined;
  return {
    places: read?.places ?? [],
    after,
    files: {
      ...(read ? { documents: values ? inject(read.documents, values) : read.documents } : {}),
      ...(observer ? { observerSchema: observer.documents } : {}),
      ...(overrides ? { overrides: overrides.documents } : {}),
    },
  };
}

const sourceFlags = ["file", "url", "kustomize", "chart"] as const;
const chartFlags = ["values", "set", "setString", "release", "chartVersion", "repo"] as const;

/** Where the manifest comes from is said once, and flags of a chart need one. */
function checkSources(options: WriteFlags): void {
  const named = sourceFlags.filter((flag) => options[flag] !== undefined);
  if (named.length > 1) {
    throw usageError(`expected one of ${named.map((flag) => `--${flag}`).join(" and ")}`);
  }
  const alone = chartFlags.find((flag) => options[flag] !== undefined);
  if (alone !== undefined && options.chart === undefined) {
    throw usageError(`${flagName(alone)}: there is no --chart`);
  }
  if (options.recursive === true && options.file === undefined) {
    throw usageError("--recursive: there is no --file");
  }
  const isManifest = named.some((flag) => flag !== "url");
  if (options.inject && !isManifest) {
    throw usageError("--inject: there is no --file to inject into");
  }
}

function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

interface ReadManifest {
  readonly read: ManifestFiles | undefined;
  readonly after: readonly string[];
}

async function readManifest(
  options: WriteFlags,
  session: Session,
  target: Target,
): Promise<ReadManifest> {
  const note = (text: string): void => session.note(plainText(text));
  const found = await readDocumentsOf(options, session, target);
  const { read } = found;
  if (read === undefined) return found;
  const [first, ...others] = read.documents;
  if (others.length === 0 && first && "tosca_definitions_version" in first) return found;
  refuseLookAlikes(read);
  return { ...found, read: withoutTests(read, note) };
}

async function readDocumentsOf(
  options: WriteFlags,
  session: Session,
  { name, namespace }: Target,
): Promise<ReadManifest> {
  const { file, kustomize, chart, recursive = false } = options;
  const { io } = session;
  const note = (text: string): void => session.note(plainText(text));
  if (file !== undefined) {
    return { read: await readManifestFiles(file, io, note, { recursive }), after: [] };
  }
  if (kustomize !== undefined) {
    return { read: readSources([await renderKustomization(kustomize, io, note)]), after: [] };
  }
  if (chart === undefined) return { read: undefined, after: [] };
  const { source, origin, notes } = await renderChart(chart, {
    flags: options,
    release: options.release ?? name,
    namespace: await namespace(),
    io,
    note,
  });
  const after = [`rok: rendered ${origin}`, ...(notes === undefined ? [] : ["", notes])];
  return { read: readSources([source]), after };
}
