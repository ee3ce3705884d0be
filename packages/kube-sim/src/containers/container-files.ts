import { posix } from "node:path";
import { limits } from "@octoplane/shared/limits";

export interface SimFile {
  readonly content: Buffer;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** The file system of one simulated container, in memory: files and folders, without links and owners. */
export class ContainerFiles {
  readonly #files = new Map<string, SimFile>();
  readonly #folders = new Set(["/", "/etc", "/root", "/tmp"]);
  #bytes = 0;

  constructor(hostname: string) {
    const content = Buffer.from(`${hostname}\n`);
    this.#files.set("/etc/hostname", { content, mode: 0o644, modified: 0 });
  }

  read(path: string): SimFile | undefined {
    return this.#files.get(path);
  }

  isFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** Why the file cannot be written, in the words of a shell; `undefined` when it was. */
  write(path: string, file: SimFile): string | undefined {
    if (this.isFolder(path)) return "Is a directory";
    if (!this.isFolder(posix.dirname(path))) return "No such file or directory";
    const bytes = this.#bytes - (this.read(path)?.content.length ?? 0) + file.content.length;
    const isFull = bytes > limits.simFilesBytesMax || this.#files.size >= limits.simFilesMax;
    if (isFull) return "No space left on device";
    this.#bytes = bytes;
    this.#files.set(path, file);
    return undefined;
  }

  /** Makes a folder and those above it. */
  makeFolder(path: string): void {
    for (let at = path; !this.#folders.has(at); at = posix.dirname(at)) {
      if (this.#files.has(at) || this.#folders.size >= limits.simFilesMax) return;
      this.#folders.add(at);
    }
  }

  /** Removes a file or a whole folder; false when there is none. */
  remove(path: string): boolean {
    const isBelow = (other: string): boolean => other === path || other.startsWith(`${path}/`);
    const files = [...this.#files.keys()].filter(isBelow);
    const folders = [...this.#folders].filter((folder) => folder !== "/" && isBelow(folder));
    for (const file of files) {
      this.#bytes -= this.read(file)!.content.length;
      this.#files.delete(file);
    }
    for (const folder of folders) this.#folders.delete(folder);
    return files.length + folders.length > 0;
  }

  /** The paths at and below a path, sorted; none when there is nothing. */
  below(path: string): readonly string[] {
    const prefix = path === "/" ? "/" : `${path}/`;
    return [...this.#folders, ...this.#files.keys()]
      .filter((other) => other === path || other.startsWith(prefix))
      .toSorted();
  }
}
