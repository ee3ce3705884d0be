import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deviceLogin, refreshLogin } from "@octoplane/rok/login/device-login";
import type { Clock } from "@octoplane/shared/clock";
import { systemClock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Json } from "../rest.ts";

/** What an issuer may answer while somebody logs in, scripted on 127.0.0.1 (RFC 8628, section 3.5). */

let server: Server;
let address: string;
let discovery: Json;
let device: Json;
/** One answer after the other of the token endpoint; `null` breaks the connection. */
let answers: (readonly [status: number, body: Json] | null)[];
/** The pauses between questions, in milliseconds of the clock that was handed in. */
let pauses: number[];

beforeEach(async () => {
  server = createServer((request, response) => {
    const send = (status: number, body: Json) =>
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    if (request.url === "/.well-known/openid-configuration") return send(200, discovery);
    if (request.url === "/device") return send(200, device);
    const answer = answers.shift();
    if (answer === null || answer === undefined) return request.socket.destroy();
    return send(...answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  discovery = {
    issuer: address,
    token_endpoint: `${address}/token`,
    device_authorization_endpoint: `${address}/device`,
  };
  device = {
    device_code: "d",
    user_code: "ABCD",
    verification_uri: `${address}/go`,
    expires_in: 600,
    interval: 2,
  };
  pauses = [];
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Pauses pass at once and are written down; what guards a request does not run. */
function quickClock(): Clock {
  let now = 0;
  return {
    now: () => systemClock.now(),
    monotonic: () => now,
    after(delayMs, callback) {
      if (delayMs === limits.loginRequestMs) return () => undefined;
      pauses.push(delayMs);
      now += delayMs;
      return systemClock.after(0, callback);
    },
  };
}

function idToken(claims: Json = {}): string {
  const all = { iss: address, aud: "rok", exp: 2_000_000_000, ...claims };
  return `h.${Buffer.from(JSON.stringify(all)).toString("base64url")}.s`;
}

const client = () => ({ issuer: address, clientId: "rok", scopes: ["openid"] });
const logIn = () => deviceLogin(client(), () => undefined, quickClock());
const pending = [400, { error: "authorization_pending" }] as const;

test("asks as often as the issuer says, and more slowly when it is told to or gets no answer", async () => {
  const slow = [400, { error: "slow_down" }] as const;
  const good = [200, { id_token: idToken(), refresh_token: "r" }] as const;
  answers = [pending, slow, pending, null, [503, "<html>"], pending, good];
  expect(await logIn()).toEqual({
    token: idToken(),
    refreshToken: "r",
    expires: 2_000_000_000_000,
  });
  expect(pauses).toEqual([2_000, 2_000, 7_000, 7_000, 12_000, 17_000, 17_000]);
});

test("asks every five seconds when the issuer names no time", async () => {
  delete device.interval;
  answers = [pending, [200, { id_token: idToken() }]];
  expect(await logIn()).not.toHaveProperty("refreshToken");
  expect(pauses).toEqual([5_000, 5_000]);
});

test("ends when the code has ended, here or there, and when somebody says no", async () => {
  device.expires_in = 5;
  answers = [pending, pending, pending, pending];
  await expect(logIn()).rejects.toMatchObject({ code: "Timeout" });
  expect(answers.length).toBe(2);
  answers = [[400, { error: "expired_token" }]];
  await expect(logIn()).rejects.toMatchObject({ code: "Timeout" });
  answers = [[400, { error: "access_denied" }]];
  await expect(logIn()).rejects.toMatchObject({ code: "Unauthenticated" });
  answers = [[401, { error: "invalid_client", error_description: "who?" }]];
  await expect(logIn()).rejects.toThrow("refuses (invalid_client: who?)");
});

test("takes no token that is not this issuer's for this client, and none without an end", async () => {
  for (const [answer, message] of [
    [{}, "the scopes must name openid"],
    [{ id_token: "no.jwt.x" }, "not for rok"],
    [{ id_token: idToken({ aud: ["else"] }) }, "not for rok"],
    [{ id_token: idToken({ iss: "http://else" }) }, "not for rok"],
    [{ id_token: idToken({ exp: "soon" }) }, "does not tell its end"],
  ] as const) {
    answers = [[200, answer]];
    await expect(logIn()).rejects.toThrow(message);
  }
});

test("trusts no discovery about another issuer, without what is needed, or that leads to anything but the web", async () => {
  for (const [wrong, message] of [
    [{ issuer: `${address}/` }, "is about issuer"],
    [{ token_endpoint: undefined }, "names no token_endpoint"],
    [{ token_endpoint: "file:///etc/passwd" }, "token_endpoint cannot be trusted"],
    [{ device_authorization_endpoint: undefined }, "knows no login from devices"],
  ] as const) {
    const before = discovery;
    discovery = { ...before, ...wrong };
    await expect(logIn()).rejects.toThrow(message);
    discovery = before;
  }
  for (const name of ["device_code", "user_code", "verification_uri", "expires_in"]) {
    const before = device;
    device = { ...before, [name]: undefined };
    await expect(logIn()).rejects.toThrow("gives no code to log in with");
    device = before;
  }
  await expect(
    deviceLogin({ ...client(), issuer: "ftp://x" }, () => undefined, quickClock()),
  ).rejects.toThrow("expected the address of an issuer");
});

test("a refresh gives the next token, nothing when the login is over, and else an error", async () => {
  const refresh = () => refreshLogin(client(), "r", quickClock());
  answers = [
    [200, { id_token: idToken(), refresh_token: "next" }],
    [400, { error: "invalid_grant" }],
    [502, "<html>"],
    null,
    [400, { error: "invalid_scope" }],
  ];
  expect(await refresh()).toMatchObject({ refreshToken: "next" });
  expect(await refresh()).toBeUndefined();
  await expect(refresh()).rejects.toMatchObject({ code: "Unavailable" });
  await expect(refresh()).rejects.toMatchObject({ code: "Unavailable" });
  await expect(refresh()).rejects.toThrow("invalid_scope");
});
