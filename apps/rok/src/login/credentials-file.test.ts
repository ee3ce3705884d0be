import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { changeLogin, loginKey, readLogin, type StoredLogin } from "./credentials-file.ts";
import { withFileLock } from "./file-lock.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-credentials-"));
  path = join(folder, "octoplane", "credentials.json");
});
afterEach(() => rm(folder, { recursive: true }));

/** Waits for a lock pass quickly. */
const clock = {
  ...systemClock,
  after: (delayMs: number, callback: () => void) => systemClock.after(delayMs / 25, callback),
};
const io = { clock };

const login = (server: string, expires = 1): StoredLogin => ({
  ...loginKey(server, undefined),
  issuer: "http://issuer",
  client_id: "rok",
  token: "t",
  expires,
});

test("changes at the same time are all kept, of one key and of many", async () => {
  const count = 20;
  const servers = ["http://a", "http://b"];
  await Promise.all(
    Array.from({ length: count }).flatMap(() =>
      servers.map((server) =>
        changeLogin(path, loginKey(server, undefined), io, async (current) =>
          login(server, (current?.expires ?? 0) + 1),
        ),
      ),
    ),
  );
  for (const server of servers) {
    expect((await readLogin(path, loginKey(server, undefined)))?.expires).toBe(count);
  }
  expect(await readdir(join(folder, "octoplane"))).toEqual(["credentials.json"]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "octoplane"))).mode & 0o777).toBe(0o700);
});

test("a change that fails changes nothing and leaves no lock", async () => {
  const key = loginKey("http://a", undefined);
  await changeLogin(path, key, io, async () => login("http://a", 7));
  const failing = changeLogin(path, key, io, async () => {
    throw failure("Unavailable", "away");
  });
  await expect(failing).rejects.toThrow("away");
  expect((await readLogin(path, key))?.expires).toBe(7);
  expect(await changeLogin(path, key, io, async () => undefined)).toBeUndefined();
  expect(await readLogin(path, key)).toBeUndefined();
});

test("a login is of one server, however its address is written, and of one context", async () => {
  await changeLogin(path, loginKey("http://A:80/", "c"), io, async () => ({
    ...login("http://a"),
    context: "c",
  }));
  expect(await readLogin(path, loginKey("http://a", "c"))).toBeDefined();
  expect(await readLogin(path, loginKey("http://a", undefined))).toBeUndefined();
  expect(await readLogin(path, loginKey("http://a:81", "c"))).toBeUndefined();
});

test("nobody runs beside another under one lock, and an old one is taken away once", async () => {
  const lock = join(folder, "lock");
  // Many times: what two processes do to each other they do only now and then.
  const left = [JSON.stringify({ id: "crashed", at: 0 }), "", "half a li", '{"id":"../x","at":0}'];
  for (const text of Array.from({ length: 3 }, () => left).flat()) {
    await writeFile(lock, text);
    let [inside, most, done] = [0, 0, 0];
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withFileLock(lock, clock, async () => {
          inside += 1;
          most = Math.max(most, inside);
          await readdir(folder);
          inside -= 1;
          done += 1;
        }),
      ),
    );
    expect([most, done, await readdir(folder)]).toEqual([1, 8, []]);
  }
});

test("a lock that somebody holds is waited for, and not for ever", async () => {
  let now = 0;
  const stopped = {
    ...clock,
    now: () => 0,
    monotonic: () => (now += 1_000),
  };
  const lock = join(folder, "lock");
  await writeFile(lock, JSON.stringify({ id: "another", at: 0 }));
  const waiting = withFileLock(lock, stopped, async () => undefined);
  await expect(waiting).rejects.toMatchObject({ code: "Unavailable" });
  expect(await readdir(folder)).toEqual(["lock"]);
});
