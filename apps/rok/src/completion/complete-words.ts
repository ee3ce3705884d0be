import type { Command } from "commander";
import type { KindLike } from "@octoplane/client/client";
import type { AnyKind } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import { refOf } from "../commands/resource.ts";
import { completionOf, type Candidate, type Elsewhere } from "./completion.ts";
import type { LazyKind } from "../objects/lazy-kind.ts";
import { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Io } from "../io.ts";

/**
 * The candidates for the last of the words, a line each: the text, a tab, what it is. `:files` and
 * `:folders` leave it to the shell. A server that does not answer soon offers nothing; completion
 * never fails.
 */
export async function completeWords(
  program: Command,
  words: readonly string[],
  io: Io,
): Promise<readonly string[]> {
  const { candidates, also, prefix, front, flags } = completionOf(program, words);
  if (also?.type === "files" || also?.type === "folders") return [`:${also.type}`];
  const session = new Session(io, flags);
  const found = also ? await elsewhere(session, also).catch(() => []) : [];
  return [...candidates, ...found]
    .filter(({ text }) => text.startsWith(prefix))
    .slice(0, limits.rokCompletionsMax)
    .map(({ text, about }) => `${front}${oneLine(text)}\t${oneLine(about)}`);
}

async function elsewhere(session: Session, wanted: Elsewhere): Promise<readonly Candidate[]> {
  switch (wanted.type) {
    case "kinds":
      return await kindNames();
    case "verbs": {
      const { verbs } = await import("../access/rights.ts");
      return verbs.map((text) => ({ text, about: "" }));
    }
    case "names":
      return await namesAtServer(session, wanted.kind);
    default:
      return [];
  }
}

/** Each kind once, by the shortest of its names that means it. */
async function kindNames(): Promise<readonly Candidate[]> {
  const [{ readableKinds }, { tryKind }] = await Promise.all([
    import("../objects/get-objects.ts"),
    import("../objects/kind-names.ts"),
  ]);
  return readableKinds.map((kind) => {
    const isPlain = tryKind(readableKinds, kind.plural) === kind;
    const text = isPlain ? kind.plural : `${kind.api}/${kind.plural}`;
    return { text, about: [kind.kind, ...kind.aliases].join(", ") };
  });
}

async function namesAtServer(
  session: Session,
  wanted: LazyKind | string,
): Promise<readonly Candidate[]> {
  const kind = await kindOf(wanted);
  if (!kind) return [];
  const late = new AbortController();
  const cancel = session.io.clock.after(limits.rokCompletionMs, () => late.abort());
  try {
    const { namespace } = await refOf(session, kind, "");
    const objects = (await session.client()).of<KindLike>(kind);
    const found = await objects.some({
      ...(namespace === undefined ? {} : { namespace }),
      ...(kind.bulky ? { view: "summary" } : {}),
      pageSize: limits.rokCompletionsMax,
      signal: late.signal,
    });
    return found.map(({ metadata, status }) => {
      const state = status?.["state"];
      return { text: metadata.name, about: typeof state === "string" ? state : kind.kind };
    });
  } finally {
    cancel();
  }
}

async function kindOf(wanted: LazyKind | string): Promise<AnyKind | undefined> {
  if (typeof wanted !== "string") return await wanted.load();
  const [{ readableKinds }, { tryKind }] = await Promise.all([
    import("../objects/get-objects.ts"),
    import("../objects/kind-names.ts"),
  ]);
  return tryKind(readableKinds, wanted);
}
