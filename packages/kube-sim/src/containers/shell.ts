import { posix } from "node:path";
import type { ContainerFiles } from "./container-files.ts";
import { programs } from "./programs.ts";
import { parseScript, type Command, type Word } from "./shell-words.ts";

/** A process in a simulated container, as its programs see it. */
export interface Process {
  readonly env: Readonly<Record<string, string>>;
  readonly files: ContainerFiles;
  readonly stdin: AsyncIterable<Buffer>;
  readonly hostname: string;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Resolves when more may follow. */
  readonly out: (bytes: Buffer) => Promise<void>;
  readonly errors: (bytes: Buffer) => Promise<void>;
  /** What the container's main process would have written. */
  readonly log: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The exit code; `undefined` when there is no such program. */
export async function runProgram(
  words: readonly string[],
  task: Process,
): Promise<number | undefined> {
  const [path = "", ...args] = words;
  const name = path.startsWith("/") ? posix.basename(path) : path;
  if (name === "sh" || name === "bash" || name === "ash") return await runShell(args, task);
  const program = programs[name];
  return program === undefined ? undefined : await program(args, task);
}

/** `-c SCRIPT`, or lines from stdin, each of them run as it comes. */
async function runShell(args: readonly string[], task: Process): Promise<number> {
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (at >= 0) return (await runScript(args[at + 1] ?? "", task)).status;
  let status = 0;
  let rest = "";
  for await (const chunk of task.stdin) {
    const lines = (rest + chunk.toString("utf8").replaceAll("\r", "\n")).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const ran = await runScript(line, { ...task, stdin: nothing });
      ({ status } = ran);
      if (ran.isOver) return status;
    }
  }
  return rest === "" ? status : (await runScript(rest, task)).status;
}

const nothing: AsyncIterable<Buffer> = {
  async *[Symbol.asyncIterator]() {
    // There is no input.
  },
};

interface Ran {
  readonly status: number;
  /** Whether the shell itself ends. */
  readonly isOver: boolean;
}

async function runScript(script: string, task: Process): Promise<Ran> {
  const commands = parseScript(script);
  if (!commands) {
    await task.errors(Buffer.from("sh: syntax error (the simulated shell knows no more)\n"));
    return { status: 2, isOver: false };
  }
  let status = 0;
  for (const command of commands) {
    if (command.when === "success" && status !== 0) continue;
    if (command.when === "failure" && status === 0) continue;
    const textOf = (word: Word): string =>
      word
        .map((piece) => {
          if ("text" in piece) return piece.text;
          return piece.variable === "?" ? String(status) : (task.env[piece.variable] ?? "");
        })
        .join("");
    const words = command.words.map(textOf);
    if (words[0] === "exit") return { status: Number(words[1] ?? status) & 0xff, isOver: true };
    status = await runCommand(words, redirected(command, textOf, task), task);
  }
  return { status, isOver: false };
}

interface Redirected {
  readonly task: Process;
  /** Why its output could not be written, once it has ended. */
  readonly finish: () => string | undefined;
}

async function runCommand(
  words: readonly string[],
  { task, finish }: Redirected,
  shell: Process,
): Promise<number> {
  const status = await runProgram(words, task);
  const problem = finish();
  if (problem !== undefined) {
    await shell.errors(Buffer.from(`sh: ${problem}\n`));
    return 1;
  }
  if (status !== undefined) return status;
  await shell.errors(Buffer.from(`sh: ${words[0]}: not found\n`));
  return 127;
}

/** `/proc/1/fd/1` is what the main process writes: the log. */
const logFile = /^\/proc\/1\/fd\/[12]$/;

function redirected(command: Command, textOf: (word: Word) => string, task: Process): Redirected {
  const { redirect } = command;
  const base = command.toErrors ? { ...task, out: task.errors } : task;
  if (!redirect) return { task: base, finish: () => undefined };
  const target = textOf(redirect.to);
  const chunks: Buffer[] = [];
  const out = async (bytes: Buffer): Promise<void> => void chunks.push(bytes);
  const finish = (): string | undefined => {
    const written = Buffer.concat(chunks);
    if (target === "/dev/null") return undefined;
    if (logFile.test(target)) {
      for (const line of written.toString("utf8").replace(/\n$/, "").split("\n")) task.log(line);
      return undefined;
    }
    const path = posix.resolve("/", target);
    const before = redirect.append ? task.files.read(path)?.content : undefined;
    const content = before ? Buffer.concat([before, written]) : written;
    const file = { content, mode: 0o644, modified: task.now() };
    const problem = task.files.write(path, file);
    return problem === undefined ? undefined : `can't create ${target}: ${problem}`;
  };
  return { task: { ...task, out }, finish };
}
