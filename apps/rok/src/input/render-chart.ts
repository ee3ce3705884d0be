import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { failure, isFailure } from "@octoplane/shared/errors";
import { readDocument } from "@octoplane/shared/manifest-yaml";
import { textOf } from "@octoplane/shared/text-of";
import { usageError } from "../exit-status.ts";
import type { Io } from "../io.ts";
import { tellableAddress } from "./fetched-text.ts";
import type { Source } from "./file-sources.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

/** The flags that say which chart is rendered, and with what. */
export interface ChartFlags {
  /** A folder, a packed chart, or the name of one in a repository. */
  readonly chart?: string;
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly release?: string;
  readonly chartVersion?: string;
  readonly repo?: string;
}

export interface RenderedChart {
  readonly source: Source;
  /** Which chart and version it was, and with which values: their files and names, not what they are. */
  readonly origin: string;
  /** What the chart tells its user; `undefined` when it has nothing to tell. */
  readonly notes: string | undefined;
}

interface Rendering {
  readonly flags: ChartFlags;
  readonly release: string;
  readonly namespace: string;
  readonly io: Io;
  readonly note: (text: string) => void;
}

/**
 * Renders a chart once, by the helm of the PATH. A chart of a repository is fetched once, so that
 * its manifest, its notes and its version are of the same chart. Fails with helm's own words.
 */
export async function renderChart(chart: string, wish: Rendering): Promise<RenderedChart> {
  if (wish.flags.values?.includes("-") === true) {
    throw usageError("--values: expected files, the standard input is not read");
  }
  const { repo, chartVersion } = wish.flags;
  const isHere = repo === undefined && (await exists(resolve(wish.io.cwd, chart)));
  if (isHere && chartVersion !== undefined) {
    throw usageError(`--chart-version: ${chart} is a chart on this machine, which has its own`);
  }
  const folder = isHere ? undefined : await mkdtemp(join(tmpdir(), "rok-chart-"));
  try {
    const path = folder === undefined ? chart : await pull(chart, folder, wish);
    const told = `helm template ${tellableChart(chart)}`;
    const rendered = await helm(
      ["template", ...helmArguments(wish), "--include-crds"],
      ["--", wish.release, path],
      { ...wish, told },
    );
    if (rendered.words !== "") wish.note(`helm: ${rendered.words}`);
    return {
      source: { name: told, text: rendered.text },
      origin: await originOf(chart, path, wish),
      notes: await notesOf(path, wish),
    };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** What all renderings of one chart have in common. */
export function helmArguments({
  flags,
  namespace,
}: Pick<Rendering, "flags" | "namespace">): readonly string[] {
  const repeated = (flag: string, values: readonly string[] = []): readonly string[] =>
    values.flatMap((value) => [flag, value]);
  return [
    "--namespace",
    namespace,
    ...repeated("--values", flags.values),
    ...repeated("--set", flags.set),
    ...repeated("--set-string", flags.setString),
  ];
}

/** The path of a chart of a repository, once it lies in the folder. */
async function pull(chart: string, folder: string, wish: Rendering): Promise<string> {
  const { chartVersion, repo } = wish.flags;
  const options = [
    ...(chartVersion === undefined ? [] : ["--version", chartVersion]),
    ...(repo === undefined ? [] : ["--repo", repo]),
  ];
  const told = `helm pull ${tellableChart(chart)}`;
  await helm(["pull", ...options, "--destination", folder], ["--", chart], { ...wish, told });
  const [packed] = await readdir(folder);
  if (packed !== undefined) return join(folder, packed);
  throw failure("Internal", `${told} left no chart behind`);
}

async function originOf(chart: string, path: string, wish: Rendering): Promise<string> {
  const told = `helm show chart ${tellableChart(chart)}`;
  const { text } = await helm(["show", "chart"], ["--", path], { ...wish, told });
  const about = readDocument(text, told) as Readonly<Record<string, unknown>> | undefined;
  const { values = [], set = [], setString = [] } = wish.flags;
  const names = [...set, ...setString].map((one) => one.replace(/=[^]*$/, ""));
  return [
    `chart ${textOf(about?.["name"])} ${textOf(about?.["version"])}`,
    `release ${wish.release}`,
    ...(values.length === 0 ? [] : [`values of ${values.join(", ")}`]),
    ...(names.length === 0 ? [] : [`set: ${names.join(", ")}`]),
  ].join("; ");
}

/**
 * `helm template` leaves NOTES.txt out. A dry run of an installation has it, and from Helm 4 on
 * such a run asks no cluster; that of Helm 3 asks whichever one is configured, so it is not made.
 */
async function notesOf(path: string, wish: Rendering): Promise<string | undefined> {
  const version = await helm(["version", "--template", "{{.Version}}"], [], {
    ...wish,
    told: "helm version",
  });
  if (/^v[0-3]\./.test(version.text)) {
    wish.note("rok: the notes of the chart are left out: rendering them takes Helm 4 or newer");
    return undefined;
  }
  try {
    const run = await helm(
      ["install", ...helmArguments(wish), "--dry-run=client", "--output", "json"],
      ["--", wish.release, path],
      { ...wish, told: "helm install --dry-run=client" },
    );
    const { info } = JSON.parse(run.text) as { readonly info?: { readonly notes?: unknown } };
    const notes = typeof info?.notes === "string" ? info.notes.trim() : "";
    return notes === "" ? undefined : notes;
  } catch (error) {
    if (!isFailure(error) && !(error instanceof SyntaxError)) throw error;
    wish.note("rok: the notes of the chart cannot be rendered");
    return undefined;
  }
}

async function helm(
  options: readonly string[],
  names: readonly string[],
  { told, io }: Rendering & { readonly told: string },
): Promise<ToolRun> {
  const run = await runTool("helm", [...options, ...names], told, io);
  if (run !== undefined) return run;
  throw failure("Internal", "--chart: helm is not on the PATH; install Helm 3 or newer");
}

/** Addresses of charts may hold a password. */
function tellableChart(chart: string): string {
  return /^[a-z+]+:\/\//i.test(chart) ? tellableAddress(chart) : chart;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
