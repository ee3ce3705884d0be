import { posix } from "node:path";
import { messageOf } from "@octoplane/shared/errors";
import { readTar, tarEnd, tarHeader, tarPadding } from "@octoplane/shared/tar-archive";
import type { Process } from "./shell.ts";

interface Order {
  readonly mode: "create" | "extract" | undefined;
  readonly folder: string;
  readonly names: readonly string[];
}

/** `tar cf - -C FOLDER NAME…` and `tar xf - -C FOLDER`, in the spellings that people use: archives are stdin and stdout only. */
export async function runTar(args: readonly string[], task: Process): Promise<number> {
  const { mode, folder, names } = readOrder(args);
  if (mode === "create") return await create(folder, names, task);
  if (mode === "extract") return await extract(folder, task);
  await task.errors(Buffer.from("tar: expected cf - or xf -\n"));
  return 2;
}

function readOrder(args: readonly string[]): Order {
  let mode: Order["mode"];
  let folder = "/";
  const names: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index]!;
    const letters = /^-?([a-zA-Z]+)$/.exec(arg)?.[1] ?? "";
    if (arg === "-C" || arg === "--directory")
      folder = posix.resolve("/", args[(index += 1)] ?? "");
    else if (mode === undefined && /[cx]/.test(letters)) {
      mode = letters.includes("c") ? "create" : "extract";
      if (letters.includes("f")) index += 1;
    } else if (arg !== "--" && !arg.startsWith("-")) names.push(arg);
  }
  return { mode, folder, names };
}

async function create(folder: string, names: readonly string[], task: Process): Promise<number> {
  const { files, out } = task;
  let status = 0;
  for (const name of names) {
    const root = posix.resolve(folder, name);
    const found = files.below(root);
    if (found.length === 0) {
      await task.errors(Buffer.from(`tar: ${name}: No such file or directory\n`));
      status = 2;
    }
    for (const path of found) {
      const relative = (name + path.slice(root.length)).replace(/^\/+/, "") || ".";
      const file = files.read(path);
      const size = file?.content.length ?? 0;
      const common = { size, modified: file?.modified ?? task.now(), target: "" };
      await out(
        file
          ? tarHeader({ ...common, path: relative, type: "file", mode: file.mode })
          : tarHeader({ ...common, path: `${relative}/`, type: "directory", mode: 0o755 }),
      );
      if (file) await out(Buffer.concat([file.content, tarPadding(size)]));
    }
  }
  await out(tarEnd);
  return status;
}

async function extract(folder: string, task: Process): Promise<number> {
  const { files } = task;
  if (!files.isFolder(folder)) {
    await task.errors(Buffer.from(`tar: ${folder}: Cannot open: No such file or directory\n`));
    return 2;
  }
  try {
    for await (const { entry, content } of readTar(task.stdin)) {
      const path = posix.resolve(folder, entry.path.replace(/^\/+/, ""));
      if (entry.type === "directory") files.makeFolder(path);
      if (entry.type !== "file") continue;
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(Buffer.from(chunk));
      files.makeFolder(posix.dirname(path));
      const { mode, modified } = entry;
      const problem = files.write(path, { content: Buffer.concat(chunks), mode, modified });
      if (problem === undefined) continue;
      await task.errors(Buffer.from(`tar: ${entry.path}: ${problem}\n`));
      return 2;
    }
    return 0;
  } catch (error) {
    await task.errors(Buffer.from(`tar: ${messageOf(error)}\n`));
    return 2;
  }
}
