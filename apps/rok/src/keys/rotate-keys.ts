import { resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import {
  hasStagedKey,
  sealingKeyId,
  withFirstKeyOnly,
  withNewKey,
  withPromotedKey,
  withStagedKey,
} from "@octoplane/shared/key-ring-text";
import { systemRandom } from "@octoplane/shared/random";
import { makeKeyText, readKeyText, replaceKeyText, type KeyText } from "./key-file.ts";
import type { Call } from "../leaf.ts";
import { printLines, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { layoutTable } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";

/** What the commands `rok key …` and `rok core secrets …` do. */

/** A key of a server's ring, as it answers (`GET /core/secrets/keys`). */
export interface ServerKey {
  readonly id: string;
  readonly state: "current" | "old" | "missing";
  readonly records: number;
}

/** What became of a reseal, as the server answers. */
interface Resealed {
  readonly resealed: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly keys: readonly ServerKey[];
  readonly unopened: readonly {
    readonly kind: string;
    readonly namespace: string | null;
    readonly name: string;
  }[];
}

export async function makeKeys({ args, session }: Call<object>): Promise<void> {
  await printKeys(session, await makeKeyText(pathOf(args[0], session), systemRandom));
}

export async function listKeys({ args, session }: Call<object>): Promise<void> {
  await printKeys(session, await readKeyText(pathOf(args[0], session)));
}

export async function rotateKeys(call: Call<{ readonly stage?: boolean }>): Promise<void> {
  const key = systemRandom.bytes(32);
  const change = call.options.stage === true ? withStagedKey : withNewKey;
  const file = await fileOf(call);
  await rewrite(call, file, change(file.before.text, key));
}

export async function promoteKeys(call: Call<object>): Promise<void> {
  const file = await fileOf(call);
  await rewrite(call, file, withPromotedKey(file.before.text));
}

/**
 * Leaves the first key only. Unless it is told not to, it asks the server whether anything still needs one of the others.
 */
export async function pruneKeys(call: Call<{ readonly offline?: boolean }>): Promise<void> {
  const { options, session } = call;
  const file = await fileOf(call);
  const { ring } = file.before;
  const text = withFirstKeyOnly(file.before.text);
  if (ring.length > 1 && options.offline !== true) {
    const client = await session.client();
    const { items } = await client.transport.json<{ readonly items: readonly ServerKey[] }>(
      "GET",
      "/core/secrets/keys",
    );
    const problem = pruneProblem(ring.map(sealingKeyId), items);
    if (problem !== undefined) throw failure("Conflict", `${file.path}: ${problem}`);
  }
  await rewrite(call, file, text);
}

/** Why the server still needs a key of a file beside the first, if it does; ids in the file's order. Pure. */
export function pruneProblem(
  file: readonly string[],
  server: readonly ServerKey[],
): string | undefined {
  const [kept, ...going] = file;
  const known = new Map(server.map((key) => [key.id, key] as const));
  if (!file.some((id) => known.has(id))) {
    return (
      "the server knows none of these keys. If they sign tokens, those of the keys that go end: " +
      "give --offline to prune without asking"
    );
  }
  const state = known.get(kept ?? "")?.state;
  if (state !== "current") return `the server does not seal with the first key, ${kept}, yet`;
  const needed = going.flatMap((id) => known.get(id) ?? []).filter(({ records }) => records > 0);
  if (needed.length === 0) return undefined;
  const uses = needed.map(({ id, records }) => `${records} with ${id}`).join(", ");
  return `records are still sealed: ${uses}; first run: rok core secrets reseal`;
}

export async function showServerKeys({ session }: Call<object>): Promise<void> {
  const client = await session.client();
  type Answer = { readonly items: readonly ServerKey[] };
  const { items } = await client.transport.json<Answer>("GET", "/core/secrets/keys");
  if (session.output !== "table") return await printValue(session, items);
  printServerKeys(session, items);
}

/** Gives exit status 1 when something did not open. */
export async function resealSecrets({ session }: Call<object>): Promise<number> {
  const client = await session.client();
  const result = await client.transport.json<Resealed>("POST", "/core/secrets/reseal");
  for (const { kind, namespace, name } of result.unopened) {
    const place = namespace === null ? "" : ` in namespace ${namespace}`;
    session.note(
      `rok: the credentials of ${oneLine(kind)} ${oneLine(name)}${oneLine(place)} do not open`,
    );
  }
  if (session.output === "table") {
    const { resealed, unchanged, failed } = result;
    printLines(session, [`${resealed} resealed, ${unchanged} unchanged, ${failed} failed`]);
    printServerKeys(session, result.keys);
  } else await printValue(session, result);
  return result.failed > 0 ? 1 : 0;
}

function printServerKeys(session: Session, keys: readonly ServerKey[]): void {
  const rows = keys.map(({ id, state, records }) => [id, state, String(records)].map(oneLine));
  printLines(session, layoutTable({ titles: ["key", "state", "records"], rows }, session.layout));
}

interface KeyFile {
  readonly path: string;
  readonly before: KeyText;
}

async function fileOf({ args, session }: Call<object>): Promise<KeyFile> {
  const path = pathOf(args[0], session);
  return { path, before: await readKeyText(path) };
}

async function rewrite({ session }: Call<object>, file: KeyFile, text: string): Promise<void> {
  const { path, before } = file;
  const isSame = text === before.text;
  const after = isSame ? before : await replaceKeyText(path, before, text, systemRandom);
  await printKeys(session, after);
}

/** Ids, never keys. */
async function printKeys(session: Session, { text, ring }: KeyText): Promise<void> {
  const isStaged = hasStagedKey(text);
  const keys = ring.map((key, at) => ({
    id: sealingKeyId(key),
    state: at === 0 ? "current" : at === 1 && isStaged ? "staged" : "old",
  }));
  if (session.output !== "table") return await printValue(session, keys);
  const rows = keys.map(({ id, state }) => [id, state]);
  printLines(session, layoutTable({ titles: ["key", "state"], rows }, session.layout));
}

function pathOf(argument: string | undefined, { io }: Session): string {
  return resolve(io.cwd, argument ?? "");
}
