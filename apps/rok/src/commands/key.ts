import type { Command } from "commander";
import { leaf, type Run } from "../leaf.ts";

/** `rok key …`: files of keys on this machine. */
export function addKeyCommands(run: Run, parent: Command): void {
  const key = parent
    .command("key")
    .description("files of keys: sealing.key and token.key of a server")
    .addHelpText("after", rotation);
  leaf(run, key, {
    usage: "new <file>",
    about: "make a file with one fresh key, for its owner only",
    act: async (call) => (await import("../keys/rotate-keys.ts")).makeKeys(call),
  });
  leaf(run, key, {
    usage: "list <file>",
    about: "print the ids of the keys of a file, the one in use first",
    act: async (call) => (await import("../keys/rotate-keys.ts")).listKeys(call),
  });
  leaf<{ readonly stage?: boolean }>(run, key, {
    usage: "rotate <file>",
    about: "put a fresh key in front; the others stay, to open what they sealed",
    flags: (command) =>
      command
        .option("--stage", "put it second, so that every process has it before one uses it")
        .addHelpText("after", rotation),
    act: async (call) => (await import("../keys/rotate-keys.ts")).rotateKeys(call),
  });
  leaf(run, key, {
    usage: "promote <file>",
    about: "put the staged key in front",
    act: async (call) => (await import("../keys/rotate-keys.ts")).promoteKeys(call),
  });
  leaf<{ readonly offline?: boolean }>(run, key, {
    usage: "prune <file>",
    about: "leave the first key only, unless the server still needs another",
    flags: (command) =>
      command
        .option("--offline", "do not ask the server; what only an old key opens is lost")
        .addHelpText("after", rotation),
    act: async (call) => (await import("../keys/rotate-keys.ts")).pruneKeys(call),
  });
}

/** `rok core secrets …`: the keys that a server seals with. */
export function addSecretCommands(run: Run, parent: Command): void {
  const secrets = parent.command("secrets").description("credentials at rest and their keys");
  leaf(run, secrets, {
    usage: "keys",
    about: "print the ids of the keys, and how many records each seals",
    act: async (call) => (await import("../keys/rotate-keys.ts")).showServerKeys(call),
  });
  leaf(run, secrets, {
    usage: "reseal",
    about: "seal every credential with the key in use",
    act: async (call) => (await import("../keys/rotate-keys.ts")).resealSecrets(call),
  });
}

const rotation = `
A server looks at its key files every few seconds; none of this needs a restart.

One server on this machine, with its data in ./data:
  rok key rotate ./data/sealing.key
  rok core secrets reseal --data-dir ./data
  rok key prune ./data/sealing.key --data-dir ./data

Several processes with copies of the file:
  rok key rotate --stage sealing.key   copy it to all of them and wait until each has looked
  rok key promote sealing.key          copy it to all of them and wait likewise
  rok core secrets reseal
  rok key prune sealing.key            copy it to all of them

Tokens (token.key): rotate, hand out new tokens, prune --offline: tokens of old keys end with that.`;
