import { PassThrough, Readable } from "node:stream";
import { basename, resolve } from "node:path";
import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";
import { exitStatus } from "../exit-status.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { plainText } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { folderAndName, readCopyPlan, splitPod, type CopyPlan } from "./copy-place.ts";
import { CopyProgress } from "./copy-progress.ts";
import { findPod, podsMeant } from "./find-pod.ts";
import { packFiles } from "./pack-files.ts";
import { askPods, type PodAnswer } from "./pod-answer.ts";
import { commandProtocols, runCommand, type CommandStreams } from "./remote-command.ts";
import { commandQuery } from "./run-in-pod.ts";
import { connectServer, openSocket, type ServerConnection } from "./server-connection.ts";
import { streamsOf, writerTo } from "./standard-streams.ts";
import { targetFor, unpackFiles } from "./unpack-files.ts";

/** `rok kube app cp`: files and folders to and from a container, by the `tar` that is in it. */

export interface CopyFlags {
  readonly pod?: string;
  readonly container?: string;
  readonly cluster?: string;
}

export async function copyFiles({ args, options, session }: Call<CopyFlags>): Promise<number> {
  const plan = readCopyPlan(args[0] ?? "", args[1] ?? "");
  const copy = await openCopy(session, plan, options);
  const leaving = new AbortController();
  const unlisten = streamsOf(session.io).onInterrupt(() => leaving.abort());
  const work = { ...copy, signal: leaving.signal };
  try {
    const isWhole = await (plan.direction === "down" ? download : upload)(work);
    return isWhole ? exitStatus.ok : exitStatus.failed;
  } catch (error) {
    if (leaving.signal.aborted) return interrupted;
    throw error;
  } finally {
    unlisten();
    copy.progress.end();
  }
}

/** As shells count programs that Ctrl+C has ended. */
const interrupted = 130;

interface Copy {
  readonly session: Session;
  readonly server: ServerConnection;
  /** The route of commands, without its query. */
  readonly execPath: string;
  readonly pod: PodAnswer;
  readonly container: string;
  readonly local: string;
  readonly remote: string;
  readonly progress: CopyProgress;
  readonly leftOut: { count: number };
}

async function openCopy(session: Session, plan: CopyPlan, options: CopyFlags): Promise<Copy> {
  const path = await applicationPath(session, plan.application);
  const { cluster } = options;
  const place =
    options.pod === undefined
      ? await podOfPath(session, path, plan, cluster)
      : { pod: options.pod, path: plan.remote };
  const { pod } = await findPod(session, { path, target: place.pod, cluster });
  return {
    session,
    server: await connectServer(session),
    execPath: `${path}/exec`,
    pod,
    container: options.container ?? pod.default_container,
    local: resolve(session.io.cwd, plan.local) + (plan.local.endsWith("/") ? "/" : ""),
    remote: place.path,
    progress: new CopyProgress(session.io),
    leftOut: { count: 0 },
  };
}

async function podOfPath(
  session: Session,
  path: string,
  { remote }: CopyPlan,
  cluster: string | undefined,
): Promise<{ readonly pod: string | undefined; readonly path: string }> {
  if (/^\/|^[^/]*$/.test(remote)) return { pod: undefined, path: remote };
  const { items } = await askPods(session, path, { cluster });
  return splitPod(remote, (name) => podsMeant(items, name).length > 0);
}

type Work = Copy & { readonly signal: AbortSignal };

/** Whether all came along. */
async function download(work: Work): Promise<boolean> {
  const { session, remote, local, progress, leftOut } = work;
  const { folder, name } = folderAndName(remote);
  const archive = new PassThrough();
  const giveUp = new AbortController();
  const signal = AbortSignal.any([work.signal, giveUp.signal]);
  const write = writerTo(archive, signal);
  const out = async (bytes: Buffer): Promise<void> => {
    progress.add(bytes.length);
    await write(bytes);
  };
  const words = ["tar", "cf", "-", "-C", folder, name === "." ? name : `./${name}`];
  const running = runTar(work, words, { out, signal });
  const ended = running.then(
    (result) => (archive.end(), result),
    (error: Error) => (archive.destroy(error), undefined),
  );
  const onLeftOut = leaveOut(session, leftOut);
  try {
    const target = await targetFor(local, name);
    const options = { name, target, random: systemRandom, onLeftOut, signal };
    await unpackFiles(archive, options);
  } catch (error) {
    // What the tar said tells more than what is wrong with its archive.
    if (archive.writableEnded) demandGood(await ended);
    giveUp.abort();
    await ended;
    throw error;
  }
  return tellEnd(session, leftOut, await ended);
}

async function upload(work: Work): Promise<boolean> {
  const { session, local, progress, leftOut, signal } = work;
  const target = await remoteTarget(work);
  let problem: unknown;
  const onLeftOut = leaveOut(session, leftOut);
  async function* archive(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of packFiles({ path: local, name: target.name, onLeftOut })) {
        progress.add(chunk.length);
        yield chunk;
      }
    } catch (error) {
      problem = error;
      throw error;
    }
  }
  const words = ["tar", "xpf", "-", "-C", target.folder];
  try {
    const input = Readable.from(archive());
    const result = await runTar(work, words, { out: async () => undefined, input, signal });
    if (problem === undefined) demandGood(result);
    if (problem === undefined) return tellEnd(session, leftOut, result);
  } catch (error) {
    if (problem === undefined) throw error;
  }
  throw problem;
}

/** Into a folder that is there, or by its own name. */
async function remoteTarget(
  work: Work,
): Promise<{ readonly folder: string; readonly name: string }> {
  const { local, remote } = work;
  const named = folderAndName(remote);
  const isFolder =
    remote.endsWith("/") || named.name === "." || (await isThere(work, ["test", "-d", remote]));
  return isFolder ? { folder: remote, name: basename(local) || "." } : named;
}

async function isThere(work: Work, words: readonly string[]): Promise<boolean> {
  const { server, pod, container, execPath, signal } = work;
  const ignore = async (): Promise<void> => undefined;
  try {
    const path = `${execPath}?${commandQuery(pod, container, words).toString()}`;
    const socket = await openSocket(server, path, commandProtocols, signal);
    const { exitCode } = await runCommand(socket, { out: ignore, errors: ignore, signal });
    return exitCode === 0;
  } catch (error) {
    // A container without a `test` may still have a `tar`, which says whether the folder is there.
    if (isFailure(error, "NotFound")) return false;
    throw error;
  }
}

interface TarResult {
  readonly exitCode: number;
  /** What it said beside the archive. */
  readonly said: string;
}

/** `Invalid` for a container that has no `tar`. */
async function runTar(
  { server, pod, container, execPath }: Copy,
  words: readonly string[],
  streams: Omit<CommandStreams, "errors">,
): Promise<TarResult> {
  const query = commandQuery(pod, container, words);
  if (streams.input) query.set("stdin", "true");
  const path = `${execPath}?${query.toString()}`;
  const socket = await openSocket(server, path, commandProtocols, streams.signal);
  let said = "";
  const errors = async (bytes: Buffer): Promise<void> => {
    said = (said + bytes.toString("utf8")).slice(-limits.rokErrorBytesMax);
  };
  const missing = `container ${container} of Pod ${pod.name} has no tar, which cp needs`;
  try {
    const { exitCode = 0 } = await runCommand(socket, { ...streams, errors });
    // What some runtimes answer in the place of a shell: there is no such program, or it cannot be run.
    if (exitCode === 127 || exitCode === 126) throw failure("Invalid", missing);
    return { exitCode, said: said.trim() };
  } catch (error) {
    if (isFailure(error, "NotFound")) throw failure("Invalid", missing, { cause: error });
    throw error;
  }
}

function demandGood(result: TarResult | undefined): void {
  if (!result || result.exitCode === 0) return;
  const { said, exitCode } = result;
  const lines = said === "" ? `tar ended with ${exitCode}` : said.split("\n").join("; ");
  throw failure("Invalid", `in the container: ${lines}`);
}

function leaveOut(
  session: Session,
  leftOut: { count: number },
): (path: string, why: string) => void {
  return (path, why) => {
    leftOut.count += 1;
    if (leftOut.count > limits.copyLeftOutShown) return;
    session.note(plainText(`rok: ${path} is left out: ${why}`));
  };
}

function tellEnd(
  session: Session,
  { count }: { readonly count: number },
  result: TarResult | undefined,
): boolean {
  if (result && result.said !== "") session.note(plainText(result.said));
  const more = count - limits.copyLeftOutShown;
  if (more > 0) session.note(`rok: ${more} more were left out`);
  return count === 0 && result?.exitCode === 0;
}
