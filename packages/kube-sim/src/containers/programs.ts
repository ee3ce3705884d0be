import { posix } from "node:path";
import type { Process } from "./shell.ts";
import { runTar } from "./tar-program.ts";

export type Program = (args: readonly string[], task: Process) => Promise<number>;

/** The programs that are found in every simulated container. */
export const programs: Readonly<Record<string, Program>> = {
  true: async () => 0,
  false: async () => 1,
  echo,
  cat,
  env: async (args, task) => {
    const lines = Object.entries(task.env).map(([name, value]) => `${name}=${value}`);
    return args.length > 0 ? await wrong(task, "env", "takes nothing") : await say(task, lines);
  },
  printenv: async ([name], task) => {
    const value = task.env[name ?? ""];
    return value === undefined ? 1 : await say(task, [value]);
  },
  hostname: async (_args, task) => await say(task, [task.hostname]),
  pwd: async (_args, task) => await say(task, ["/"]),
  sleep: async ([seconds], task) => {
    await task.sleep(Number(seconds) * 1_000);
    return 0;
  },
  exit: async ([code]) => Number(code ?? 0) & 0xff,
  head,
  ls,
  mkdir: async (args, { files }) => {
    for (const path of paths(args)) files.makeFolder(path);
    return 0;
  },
  rm: async (args, task) => {
    const removed = paths(args).map((path) => task.files.remove(path));
    return removed.every(Boolean) || args.some((arg) => /^-\w*f/.test(arg)) ? 0 : 1;
  },
  test: async (args, task) => (holds(args, task) ? 0 : 1),
  "[": async (args, task) => (holds(args.slice(0, -1), task) ? 0 : 1),
  tar: runTar,
};

async function say({ out }: Process, lines: readonly string[]): Promise<number> {
  if (lines.length > 0) await out(Buffer.from(`${lines.join("\n")}\n`));
  return 0;
}

async function wrong({ errors }: Process, name: string, problem: string): Promise<number> {
  await errors(Buffer.from(`${name}: ${problem}\n`));
  return 1;
}

function paths(args: readonly string[]): readonly string[] {
  return args.filter((arg) => !arg.startsWith("-")).map((arg) => posix.resolve("/", arg));
}

async function echo(args: readonly string[], { out }: Process): Promise<number> {
  const isBare = args[0] === "-n";
  await out(Buffer.from(`${args.slice(isBare ? 1 : 0).join(" ")}${isBare ? "" : "\n"}`));
  return 0;
}

async function cat(args: readonly string[], task: Process): Promise<number> {
  if (args.length === 0) {
    for await (const chunk of task.stdin) await task.out(chunk);
    return 0;
  }
  for (const arg of args) {
    const path = posix.resolve("/", arg);
    const file = task.files.read(path);
    const problem = task.files.isFolder(path) ? "Is a directory" : "No such file or directory";
    if (!file) return await wrong(task, "cat", `${arg}: ${problem}`);
    await task.out(file.content);
  }
  return 0;
}

/** The first bytes of its input: `-c COUNT`. */
async function head(args: readonly string[], task: Process): Promise<number> {
  let left = Number(args[args.indexOf("-c") + 1]);
  if (!args.includes("-c") || !Number.isInteger(left)) {
    return await wrong(task, "head", "expected -c COUNT");
  }
  for await (const chunk of task.stdin) {
    await task.out(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return 0;
}

async function ls(args: readonly string[], task: Process): Promise<number> {
  const [path = "/"] = paths(args);
  const { files } = task;
  if (files.read(path)) return await say(task, [path]);
  if (!files.isFolder(path)) return await wrong(task, "ls", `${path}: No such file or directory`);
  const inside = files.below(path).filter((one) => one !== path && posix.dirname(one) === path);
  return await say(
    task,
    inside.map((one) => posix.basename(one)),
  );
}

function holds(args: readonly string[], { files }: Process): boolean {
  const [first = "", second = "", third] = args;
  if (second === "=" && third !== undefined) return first === third;
  if (second === "!=" && third !== undefined) return first !== third;
  const path = posix.resolve("/", second);
  switch (first) {
    case "-d":
      return files.isFolder(path);
    case "-f":
      return files.read(path) !== undefined;
    case "-e":
      return files.isFolder(path) || files.read(path) !== undefined;
    case "-n":
      return second !== "";
    case "-z":
      return second === "";
    default:
      return args.length === 1 && first !== "";
  }
}
