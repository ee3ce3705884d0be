import { messageOf } from "@octoplane/shared/errors";

/** Why a file cannot be used, in words instead of the system's own. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return (typeof code === "string" ? words[code] : undefined) ?? messageOf(error);
}

const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "it is a folder",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open",
};
