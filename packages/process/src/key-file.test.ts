import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { environment } from "@octoplane/shared/config";
import { keyLine, type KeyRing } from "@octoplane/shared/key-ring-text";
import { openLog } from "@octoplane/shared/log";
import { systemRandom } from "@octoplane/shared/random";
import { HeldKeys, makeKeyFile, readOrMakeKeyFile } from "./key-file.ts";

const variable = "OCTOPLANE_KEY_FILE_TEST";
const key = (fill: number): Buffer => Buffer.alloc(32, fill);
const text = (...fills: readonly number[]): string =>
  fills.map((fill) => `${keyLine(key(fill))}\n`).join("");

let folder: string;
let logged: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-keys-"));
  logged = "";
});
afterEach(async () => {
  delete process.env[variable];
  await rm(folder, { recursive: true, force: true });
});

const path = (name: string): string => join(folder, name);
const put = async (name: string, content: string): Promise<void> =>
  await writeFile(path(name), content, { mode: 0o600 });
const open = async (...names: readonly string[]): Promise<HeldKeys> => {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const parts = { clock: systemClock, log: openLog("test", "debug", sink), reloadMs: 60_000 };
  const make = (file: string) => makeKeyFile(file, systemRandom);
  return await HeldKeys.open({ variable, files: names.map(path) }, parts, make);
};

test("a file that is not there is made, for its owner only, and kept", async () => {
  const [made] = await readOrMakeKeyFile(path("new.key"), systemRandom);
  expect((await stat(path("new.key"))).mode & 0o777).toBe(0o600);
  expect(await readOrMakeKeyFile(path("new.key"), systemRandom)).toEqual([made]);
});

test("the keys of several files are one ring, in the order of the files and their lines", async () => {
  await put("a.key", text(1, 2));
  await put("b.key", text(3));
  await using held = await open("a.key", "b.key");
  expect(held.ring).toEqual([key(1), key(2), key(3)]);
  expect(logged).toBe("");
});

test("a file that changes is followed, one that has become wrong is told of once and leaves the keys", async () => {
  await put("a.key", text(1));
  await using held = await open("a.key");
  const rings: KeyRing[] = [];
  held.follow((ring) => rings.push(ring));
  await put("a.key", text(2, 1));
  await held.look();
  expect(rings).toEqual([[key(2), key(1)]]);
  const secret = keyLine(key(9)).slice(0, 30);
  await put("a.key", `${text(2)}${secret}\n`);
  await held.look();
  await held.look();
  await rm(path("a.key"));
  await held.look();
  expect(held.ring).toEqual([key(2), key(1)]);
  expect(logged.match(/"level":"error"/g)).toHaveLength(2);
  expect(logged).toContain(`${path("a.key")}:2: expected 32 bytes in base64`);
  for (const hidden of [secret, keyLine(key(1)), keyLine(key(2))]) {
    expect(logged).not.toContain(hidden);
  }
});

test("a set variable wins over the file, is taken out of the environment, and makes no file", async () => {
  await put("a.key", text(1));
  process.env[variable] = `${keyLine(key(5))},${keyLine(key(6))}`;
  await using held = await open("a.key", "none.key");
  expect(held.ring).toEqual([key(5), key(6)]);
  expect(environment(variable)).toBeUndefined();
  await expect(stat(path("none.key"))).rejects.toThrow("ENOENT");
  await put("a.key", text(2));
  await held.look();
  expect(held.ring).toEqual([key(5), key(6)]);
});

test("a variable that holds no key is named with the place, and its content is not told", async () => {
  process.env[variable] = `${keyLine(key(5))},my-secret`;
  await expect(open("a.key")).rejects.toThrow(
    /^OCTOPLANE_KEY_FILE_TEST:2: expected 32 bytes in base64$/,
  );
});

test("a file that others may read is warned about once", async () => {
  await put("a.key", text(1));
  await chmod(path("a.key"), 0o640);
  await using held = await open("a.key");
  await held.look();
  await held.look();
  expect(logged.match(/"level":"warn"/g)).toHaveLength(1);
  expect(logged).toContain('"mode":"640"');
});
