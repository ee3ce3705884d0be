import { createHash } from "node:crypto";
import { failure } from "./errors.ts";
import { limits } from "./limits.ts";

/**
 * The text of a key file: one key of 32 bytes a line, in base64. The first is in use, the others only open what was sealed,
 * or verify what was signed, with them. Blank lines and what follows a `#` say nothing, but for the comment `# staged`: it
 * marks a key that is to be in use once every process has it. Pure.
 */

/** The keys, the one in use first. */
export type KeyRing = readonly [Buffer, ...Buffer[]];

/** `Invalid` says where (`source:2`), and never what stands there. */
export function parseKeyRing(text: string, source: string): KeyRing {
  const keys = text.split("\n").flatMap((line, index) => {
    if (withoutComment(line) === "") return [];
    const key = keyOf(line);
    if (key) return [key];
    throw failure("Invalid", `${source}:${index + 1}: expected 32 bytes in base64`);
  });
  const [first, ...others] = keys;
  if (!first) throw failure("Invalid", `${source} holds no key: expected 32 bytes in base64`);
  if (keys.length > limits.keyRingMax) {
    throw failure(
      "Invalid",
      `${source} holds ${keys.length} keys, and ${limits.keyRingMax} may be`,
    );
  }
  return [first, ...others];
}

/** A key as a line of the text. */
export function keyLine(key: Buffer): string {
  return key.toString("base64");
}

/** What a key is called in sealed texts, answers and tables; says nothing about the key. */
export function sealingKeyId(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

/** The text with a key in front of all others: from now on it is the one in use. */
export function withNewKey(text: string, key: Buffer): string {
  refuseStaged(text);
  const { lines, places } = layoutOf(text);
  return lines.toSpliced(places[0]!, 0, keyLine(key)).join("\n");
}

/** The text with a key behind the one in use, marked as the next. */
export function withStagedKey(text: string, key: Buffer): string {
  refuseStaged(text);
  const { lines, places } = layoutOf(text);
  return lines.toSpliced(places[0]! + 1, 0, `${keyLine(key)} ${stagedMark}`).join("\n");
}

/** The text with its staged key in front. `NoChange` when there is none. */
export function withPromotedKey(text: string): string {
  const { lines, places } = layoutOf(text);
  const staged = places.find((at) => isStaged(lines[at]!));
  if (staged === undefined) throw failure("NoChange", "no key is staged here");
  const line = withoutComment(lines[staged]!);
  return lines.toSpliced(staged, 1).toSpliced(places[0]!, 0, line).join("\n");
}

/** The text with the key in use alone; comments on lines of their own stay. */
export function withFirstKeyOnly(text: string): string {
  refuseStaged(text);
  const { lines, places } = layoutOf(text);
  const gone = new Set(places.slice(1));
  return lines.filter((_line, at) => !gone.has(at)).join("\n");
}

/** Whether a key is marked as the next. */
export function hasStagedKey(text: string): boolean {
  const { lines, places } = layoutOf(text);
  return places.some((at) => isStaged(lines[at]!));
}

const stagedMark = "# staged";

function withoutComment(line: string): string {
  return line.split("#", 1)[0]!.trim();
}

function keyOf(line: string): Buffer | undefined {
  const text = withoutComment(line);
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

function isStaged(line: string): boolean {
  return line.trimEnd().endsWith(stagedMark);
}

/** The lines, and which of them hold keys. */
function layoutOf(text: string): {
  readonly lines: readonly string[];
  readonly places: readonly number[];
} {
  const lines = text.split("\n");
  const places = lines.flatMap((line, at) => (keyOf(line) ? [at] : []));
  return { lines, places };
}

function refuseStaged(text: string): void {
  if (!hasStagedKey(text)) return;
  throw failure("Conflict", "a key is staged here: promote it first");
}
