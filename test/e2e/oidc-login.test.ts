import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { openStore } from "@octoplane/store/open";
import { runRok, type RokRun } from "./rok-run.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { openServer, type ServerBench } from "../conformance/api/server-bench.ts";
import { Browser, robotSecret, startIssuer, type Issuer } from "./oidc-issuer.ts";

/** People who log in with `rok login` at a real issuer, and what becomes of their tokens. */

let folder: string;
let issuer: Issuer;
let server: ServerBench;
let home: string;
/** How far the clock of `rok` is ahead, in milliseconds. */
let ahead = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-login-"));
  issuer = await startIssuer();
  server = await serverFor(issuer, "server");
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(join(folder, "home-"));
  ahead = 0;
});

async function serverFor({ address }: Issuer, name: string): Promise<ServerBench> {
  const parts = { clock: systemClock, log: silentLog };
  const store = await openStore(`lmdb://${join(folder, name)}`, { progressMs: 100 }, parts);
  const oidc = [{ issuer: address, audience: "octoplane", device_client_id: "rok" }];
  return await openServer(store, { authentication: { oidc } });
}

/** Polls are fifty times as fast as people; the deadlines of requests are what they are. */
const clock = {
  ...systemClock,
  now: () => systemClock.now() + ahead,
  after: (delayMs: number, callback: () => void) =>
    systemClock.after(delayMs <= 10_000 ? delayMs / 50 : delayMs, callback),
};

/** `rok` at a home without any other token. What is shown to the person is handed over as soon as it is. */
const rok = (line: string, onErr: (err: string) => void = () => undefined): Promise<RokRun> =>
  runRok(line, { folder: home, variables: { OCTOPLANE_SERVER: server.address }, clock, onErr });

/** The whole login of one person. */
async function logIn(user: string, flags = ""): Promise<RokRun> {
  let browsing: Promise<string> | undefined;
  const done = await rok(`login -o json${flags}`, (err) => {
    const complete = /or open (\S+)\)/.exec(err)?.[1];
    if (complete !== undefined) browsing ??= new Browser().logIn(complete, user);
  });
  await browsing;
  return done;
}

const credentials = () => join(home, ".config/octoplane/credentials.json");
const stored = async (): Promise<Json> =>
  JSON.parse(await readFile(credentials(), "utf8")).logins[0];
const me = async (token: string): Promise<[number, string]> => {
  const headers = { authorization: `Bearer ${token}` };
  const { status, body } = await server.call("GET", "/me", { user: null, headers });
  return [status, body.user ?? body.detail];
};
/** As if the token had been got long ago: 30 seconds are left of it. */
const age = async (): Promise<void> => {
  const logins = [{ ...(await stored()), expires: Date.now() + 30_000 }];
  await writeFile(credentials(), JSON.stringify({ logins }));
};
const refreshes = () => issuer.grants.filter((type) => type === "refresh_token").length;

test("somebody logs in with a browser, and later commands are theirs until they log out", async () => {
  const login = await logIn("alice");
  expect([login.status, login.err]).toEqual([
    0,
    expect.stringMatching(/^Open http:\S+\/device and enter the code [A-Z]{4}-[A-Z]{4}\n/),
  ]);
  expect(JSON.parse(login.out)).toMatchObject({
    user: "alice",
    groups: ["team"],
    server: server.address,
    issuer: issuer.address,
    refreshed: true,
  });
  const { mode } = await stat(credentials());
  expect(mode & 0o777).toBe(0o600);
  const kept = await stored();
  expect(kept).toMatchObject({ server: server.address, context: "", client_id: "rok" });
  expect(await me(kept.token)).toEqual([200, "alice"]);
  expect(JSON.parse((await rok("whoami -o json")).out)).toMatchObject({ user: "alice" });
  // A token that is given wins.
  const given = await rok(`whoami -o json --token ${server.tokenOf("bob")}`);
  expect(JSON.parse(given.out)).toMatchObject({ user: "bob" });
  expect(await rok("logout")).toEqual({ status: 0, out: "", err: "" });
  expect(await me(kept.token)).toEqual([401, "the token was revoked"]);
  expect((await rok("whoami")).status).toBe(exitStatus.notAllowed);
  expect((await rok("logout")).status).toBe(exitStatus.notFound);
  // The issuer has ended its part too.
  const form = { grant_type: "refresh_token", refresh_token: kept.refresh_token, client_id: "rok" };
  const spent = await fetch(`${issuer.address}/token`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  expect(await spent.json()).toMatchObject({ error: "invalid_grant" });
  expect(server.logged()).not.toContain(kept.token);
});

test("a login is of one context, and one that is hidden by another token says so", async () => {
  const block = `{ api_url: "${server.address}" }`;
  const given = `{ api_url: "${server.address}", token: ${server.tokenOf("bob")} }`;
  const contexts = `contexts:\n  one: ${block}\n  two: ${block}\n  given: ${given}\n`;
  await writeFile(join(home, "rok.yaml"), contexts);
  expect((await logIn("hans", " --context one")).status).toBe(0);
  expect(await stored()).toMatchObject({ context: "one" });
  expect(JSON.parse((await rok("whoami -o json --context one")).out).user).toBe("hans");
  expect((await rok("whoami --context two")).status).toBe(exitStatus.notAllowed);
  const hidden = await logIn("hans", " --context given");
  expect([hidden.status, hidden.err]).toEqual([
    0,
    expect.stringContaining("other commands use the token from context given of"),
  ]);
});

test("a token that is about to end is refreshed, once for all who ask at that time", async () => {
  await logIn("carol");
  const first = await stored();
  await rok("whoami");
  expect((await stored()).token).toBe(first.token);
  await age();
  const before = refreshes();
  const runs = await Promise.all(Array.from({ length: 5 }, () => rok("whoami -o json")));
  for (const { status, out } of runs) {
    expect([status, JSON.parse(out).user]).toEqual([0, "carol"]);
  }
  expect(refreshes() - before).toBe(1);
  const second = await stored();
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect(second.expires).toBeGreaterThan(Date.now() + 200_000);
  expect(await me(second.token)).toEqual([200, "carol"]);
  // A process that was killed while it held the lock keeps nobody out for ever.
  await age();
  const crashed = { id: "crashed", at: Date.now() - 60_000 };
  await writeFile(`${credentials()}.lock`, JSON.stringify(crashed));
  const more = await Promise.all(Array.from({ length: 5 }, () => rok("whoami")));
  expect(more.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
  expect(refreshes() - before).toBe(2);
  expect(await readdir(join(home, ".config/octoplane"))).toEqual(["credentials.json"]);
});

test("while the issuer is away, what is left of a token is used, and then the login is told to be over", async () => {
  await logIn("dave");
  issuer.setDown(true);
  try {
    ahead = 250_000;
    expect((await rok("whoami")).status).toBe(0);
    ahead = 310_000;
    const late = await rok("whoami");
    expect(late.err).not.toContain("OCTOPLANE_SERVER");
    expect([late.status, late.err]).toEqual([
      exitStatus.unreachable,
      expect.stringContaining(new URL(issuer.address).host),
    ]);
  } finally {
    issuer.setDown(false);
  }
  const kept = await stored();
  const logins = [{ ...kept, refresh_token: "spent" }];
  await writeFile(credentials(), JSON.stringify({ logins }));
  const over = await rok("whoami");
  expect([over.status, over.err]).toEqual([
    exitStatus.notAllowed,
    expect.stringContaining('log in again with "rok login"'),
  ]);
  expect((await logIn("dave")).status).toBe(0);
});

test("a login that is refused, or that the server does not take, leaves nothing behind", async () => {
  let aborted: Promise<unknown> | undefined;
  const refused = await rok("login", (err) => {
    const complete = /or open (\S+)\)/.exec(err)?.[1];
    if (complete !== undefined) aborted ??= refuse(complete);
  });
  await aborted;
  expect([refused.status, refused.err]).toEqual([
    exitStatus.notAllowed,
    expect.stringContaining("the login was refused"),
  ]);
  const wrong = await logIn("erin", ` --issuer ${issuer.address} --client-id another`);
  expect([wrong.status, wrong.err]).toEqual([
    exitStatus.notAllowed,
    expect.stringContaining("meant for somebody else (audience)"),
  ]);
  await expect(stat(credentials())).rejects.toThrow("ENOENT");
  const unknown = await rok(`login --issuer ${issuer.address}/nothing --client-id rok`);
  expect([unknown.status, unknown.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("there is no issuer"),
  ]);
  const nobody = await rok(`login --issuer ${issuer.address} --client-id nobody`);
  expect([nobody.status, nobody.err]).toEqual([
    exitStatus.refused,
    expect.stringContaining("invalid_client"),
  ]);
  expect((await rok("login --client-id rok")).status).toBe(exitStatus.usage);
  expect((await rok("login --issuer http://else.example")).err).toContain("announces no client");
});

test("a file of logins that is none is named, and no token is made up", async () => {
  await mkdir(join(home, ".config/octoplane"), { recursive: true });
  for (const text of ["", "[]", '{"logins":[{"server":1}]}']) {
    await writeFile(credentials(), text);
    const found = await rok("whoami");
    expect([found.status, found.err]).toEqual([
      exitStatus.refused,
      expect.stringContaining("is not a file of logins"),
    ]);
  }
});

test("tokens for somebody else, of another issuer, of nobody and of yesterday are refused", async () => {
  const robot = async (at: Issuer, resource: string): Promise<string> => {
    const basic = Buffer.from(`robot:${encodeURIComponent(robotSecret)}`).toString("base64");
    const answer = await fetch(`${at.address}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: "client_credentials", resource, scope: "api" }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  expect(await me(await robot(issuer, "urn:else"))).toEqual([
    401,
    "the token is meant for somebody else (audience)",
  ]);
  // For us, but a client's: nobody has logged in.
  await using strict = await serverWithAudience("urn:octoplane");
  const token = await robot(issuer, "urn:octoplane");
  const headers = { authorization: `Bearer ${token}` };
  const nobody = await strict.call("GET", "/me", { user: null, headers });
  expect([nobody.status, nobody.body.detail]).toEqual([
    401,
    "the token has no claim preferred_username that is a text",
  ]);
  await using stranger = await startIssuer();
  expect(await me(await robot(stranger, "octoplane:x"))).toEqual([401, "the token is not valid"]);
  await logIn("frank");
  const kept = await stored();
  expect(await me(kept.token)).toEqual([200, "frank"]);
  await server.ok("POST", "/core/tokens/revoke", {
    body: { user: "frank", before: new Date(Date.now() + 2_000).toISOString() },
  });
  expect(await me(kept.token)).toEqual([401, expect.stringContaining("of frank from before")]);
});

async function serverWithAudience(audience: string): Promise<ServerBench> {
  const parts = { clock: systemClock, log: silentLog };
  const store = await openStore(`lmdb://${join(folder, "strict")}`, {}, parts);
  const oidc = [{ issuer: issuer.address, audience }];
  return await openServer(store, { authentication: { oidc } });
}

test("an issuer that changes its keys is followed, and tokens end at their time", async () => {
  await logIn("gina");
  const old = await stored();
  issuer.rotateKeys();
  // The keys are looked for again some seconds after the last look at the earliest.
  const fresh = await waitFor("the new key", async () => {
    const login = await logIn("gina");
    return login.status === 0 && (await stored());
  });
  expect(fresh.token).not.toBe(old.token);
  expect(await me(fresh.token)).toEqual([200, "gina"]);
  expect(await me(old.token)).toEqual([401, "the token is signed with an unknown key"]);
  server.bench.stopClock(fresh.expires + 59_000);
  expect(await me(fresh.token)).toEqual([200, "gina"]);
  server.bench.stopClock(fresh.expires + 61_000);
  expect(await me(fresh.token)).toEqual([401, "the token has expired"]);
});

/** Somebody opens the page and says that this was not them. */
async function refuse(complete: string): Promise<void> {
  const answer = await fetch(complete);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const html = await answer.text();
  const field = (name: string) =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  await fetch(`${issuer.address}/device`, {
    method: "POST",
    headers: { cookie },
    body: new URLSearchParams({ xsrf: field("xsrf"), user_code: field("user_code"), abort: "yes" }),
  });
}
