import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The files of the repository, as the tidy rules look at them. */
export interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export const root = resolve(import.meta.dirname, "../..");

/** Tracked files and new ones that are not ignored. */
export function sourceFiles(pattern: RegExp): readonly Source[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const paths = [...new Set(listed.split("\n"))].filter(
    (path) => path !== "" && pattern.test(path),
  );
  return paths.flatMap((path) => {
    try {
      const text = readFileSync(join(root, path), "utf8");
      return [{ path, text, lines: text.split("\n") }];
    } catch {
      // Deleted in the working tree, not yet in the index.
      return [];
    }
  });
}

/** What a file imports, static and dynamic. */
export function importsOf(source: Pick<Source, "text">): readonly string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^"'`;]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;
  return [...source.text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** The workspace package that a file belongs to: `packages/store/src/x.ts` → `store`. */
export function packageOf(path: string): string | undefined {
  return /^(?:packages|apps)\/([^/]+)\//.exec(path)?.[1];
}

export function isTest(path: string): boolean {
  return (
    path.endsWith(".test.ts") ||
    path.startsWith("test/") ||
    /\/(?:conformance|testing|testdata)\//.test(path)
  );
}
