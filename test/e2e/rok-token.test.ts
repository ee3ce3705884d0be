import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { openServer, type ServerBench } from "../conformance/api/server-bench.ts";
import { waitFor } from "../wait-for.ts";
import { runRok, serverVariables, type RokRun } from "./rok-run.ts";

/** Tokens and service accounts by `rok`, as scripts and people use it. */

let folder: string;
let server: ServerBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-token-"));
  const parts = { clock: systemClock, log: silentLog };
  server = await openServer(
    await openStore(`lmdb://${join(folder, "store")}`, { progressMs: 100 }, parts),
  );
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const rok = (line: string, token = server.tokenOf("system:admin")): Promise<RokRun> =>
  runRok(line, { folder, variables: serverVariables({ address: server.address, token }) });
const json = async (line: string, token?: string) => {
  const { status, out, err } = await rok(`${line} -o json`, token);
  expect([line, status, err]).toEqual([line, 0, ""]);
  return JSON.parse(out);
};
const whoami = async (token: string) => (await rok("whoami -o json -n x", token)).status;

test("a token is printed alone, or with all that is known of it", async () => {
  const { status, out } = await rok("core token create anna --expires 30m");
  expect([status, out]).toEqual([0, expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)]);
  expect(await whoami(out.trim())).toBe(0);
  const made = await json("core token create anna --expires 7d");
  expect(made).toMatchObject({ user: "anna", id: expect.any(String), token: expect.any(String) });
  const days = (Date.parse(made.expires) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(6.99);
  expect((await json("token create anna --expires-in 1h")).expires).not.toBeNull();
  expect((await json("token create anna")).expires).toBeNull();
  for (const line of [
    "core token create",
    "core token create anna --expires soon",
    "core token create anna --service-account a/b",
    "core token create --service-account a",
    "core token create --service-account a/..",
  ]) {
    expect([line, (await rok(line)).status]).toEqual([line, exitStatus.usage]);
  }
  const account = await rok("core token create system:serviceaccount:a:b");
  expect([account.status, account.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("serviceaccounts/b/token"),
  ]);
});

test("a service account is made, changed, gets tokens, and ends with them", async () => {
  await json("core serviceaccount create bot -n ci --description builds");
  const { out } = await rok("core serviceaccount list -n ci");
  expect(out).toContain("system:serviceaccount:ci:bot");
  const first = (await rok("core sa token bot -n ci --expires 8h")).out.trim();
  expect(await json("whoami -n ci", first)).toMatchObject({ user: "system:serviceaccount:ci:bot" });
  const changed = await json("core sa update bot -n ci --tokens-not-before now");
  expect(Date.parse(changed.spec.tokens_not_before)).toBeLessThanOrEqual(Date.now());
  expect(changed.spec.description).toBe("builds");
  await waitFor("its end", async () => (await whoami(first)) === exitStatus.notAllowed);
  const second = (await rok("core token create --service-account ci/bot")).out.trim();
  expect(await whoami(second)).toBe(0);
  await json("core sa delete bot -n ci");
  await waitFor("its end", async () => (await whoami(second)) === exitStatus.notAllowed);
});

test("a token is revoked by itself, its id, or its user, and is good again without its revocation", async () => {
  const make = () => json("core token create bert");
  const [mine, shown, named, old] = [await make(), await make(), await make(), await make()];
  await json("core token revoke --mine --reason logout", mine.token);
  expect(await whoami(mine.token)).toBe(exitStatus.notAllowed);
  await json(`core token revoke ${shown.token}`, old.token);
  expect(await whoami(shown.token)).toBe(exitStatus.notAllowed);
  const revocation = await json(`core token revoke --id ${named.id} --forget 2099-01-01`);
  expect(revocation.spec).toMatchObject({
    token_id: named.id,
    expires: "2099-01-01T00:00:00.000Z",
  });
  expect(await whoami(named.token)).toBe(exitStatus.notAllowed);
  expect((await rok(`core token revoke --id ${old.id}`, old.token)).status).toBe(
    exitStatus.notAllowed,
  );
  await json("core token revoke --user bert --before 2020-01-01T00:00:00Z");
  expect(await whoami(old.token)).toBe(0);
  await json("core token revoke --user bert");
  expect(await whoami(old.token)).toBe(exitStatus.notAllowed);
  expect((await rok("core tokenrevocation list")).out).toContain(named.id);
  await json(`core tokenrevocation delete ${shown.id}`);
  expect(await whoami(shown.token)).toBe(exitStatus.notAllowed);
  for (const line of [
    "core token revoke",
    "core token revoke a --mine",
    "core token revoke --id a --before 2020-01-01",
    "core token revoke a --forget 2099-01-01",
    "core token revoke --user a --before yesterday",
  ]) {
    expect([line, (await rok(line)).status]).toEqual([line, exitStatus.usage]);
  }
});
