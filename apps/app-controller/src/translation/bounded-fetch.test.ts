import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { openBoundedFetch } from "./bounded-fetch.ts";
import { fetchRules } from "./fetch-rules.ts";

let server: Server;
let port: number;
const asked: { readonly path: string; readonly authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = "", headers } = request;
    asked.push({ path: url, authorization: headers.authorization });
    const [path = "", query] = url.split("?");
    if (path === "/ok") response.end("text");
    else if (path === "/to") response.writeHead(302, { location: query ?? "" }).end("gone");
    else if (path === "/circle") response.writeHead(302, { location: "/circle" }).end();
    else if (path === "/large") response.end("x".repeat(limits.csarBytesMax + 1));
    else if (path === "/missing") response.writeHead(404).end();
    else if (path === "/busy") response.writeHead(503).end();
    else if (path === "/slow") response.write("a");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Settings {
  readonly allow?: readonly string[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

async function get(url: string, settings: Settings = {}): Promise<string> {
  const { allow = ["127.0.0.1"], timeoutMs = 5_000 } = settings;
  await using fetcher = openBoundedFetch(fetchRules(allow, true), systemClock, timeoutMs);
  const bytes = await fetcher.fetch(url, settings.signal ?? new AbortController().signal);
  return Buffer.from(bytes).toString();
}

const at = (path: string, host = "127.0.0.1"): string => `http://${host}:${port}${path}`;

it("fetches from what is listed, and follows a redirect there", async () => {
  expect(await get(at("/ok"))).toBe("text");
  expect(await get(at(`/to?${at("/ok")}`))).toBe("text");
  expect(await get(at("/ok", "localhost"))).toBe("text");
  expect(await get(at("/ok", "localhost"), { allow: ["localhost"] })).toBe("text");
});

it.each([
  ["an address of this machine", () => at("/ok")],
  ["another form of it", () => at("/ok", "0x7f.1")],
  ["it in IPv6", () => at("/ok", "[::ffff:127.0.0.1]")],
  ["the loopback of IPv6", () => at("/ok", "[::1]")],
  ["a name that leads to it", () => at("/ok", "localhost")],
  ["the metadata of a cloud", () => "http://169.254.169.254/latest/meta-data"],
])("asks nobody at %s", async (_what, url) => {
  const before = asked.length;
  await expect(get(url(), { allow: [] })).rejects.toMatchObject({
    code: "Forbidden",
    message: expect.stringMatching(/is no public address, and not among those/),
  });
  expect(asked).toHaveLength(before);
});

it("holds each redirect to the same rules", async () => {
  const hop = get(at("/to?http://10.0.0.1/x"));
  await expect(hop).rejects.toThrow("10.0.0.1 is no public address");
  await expect(get(at("/to?file:///etc/passwd"))).rejects.toThrow("redirects to what is not");
  await expect(get(at("/circle"))).rejects.toThrow("redirects more than 5 times");
});

it("sends user and password to the first server only, and tells nobody of them", async () => {
  const url = at("/to?/ok").replace("//", "//anna:secret@");
  expect(await get(url)).toBe("text");
  expect(asked.slice(-2).map(({ authorization }) => authorization)).toEqual([
    "Basic YW5uYTpzZWNyZXQ=",
    "Basic YW5uYTpzZWNyZXQ=",
  ]);
  await get(at(`/to?${at("/ok", "localhost")}`).replace("//", "//anna:secret@"));
  expect(asked.at(-1)?.authorization).toBeUndefined();
  const missing = get(`${at("/missing").replace("//", "//anna:secret@")}?token=secret`);
  await expect(missing).rejects.toMatchObject({
    code: "Invalid",
    message: `${at("/missing")} answered 404`,
  });
});

it.each([
  ["ftp://example.org/a.yaml", "Invalid", "expected an http(s) URL"],
  ["file:///etc/passwd.yaml", "Invalid", "expected an http(s) URL"],
  ["no url.yaml", "Invalid", "the URL: expected an http(s) URL"],
])("fetches over http(s) only: %s", async (url, code, message) => {
  await expect(get(url)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

it("says what may pass and what may not", async () => {
  await expect(get(at("/busy"))).rejects.toMatchObject({ code: "Unavailable" });
  await expect(get(at("/large"))).rejects.toMatchObject({ code: "TooLarge" });
  const nobody = get("http://127.0.0.1:1/x");
  await expect(nobody).rejects.toMatchObject({
    code: "Unavailable",
    message: expect.stringContaining(
      "http://127.0.0.1:1/x cannot be fetched: connect ECONNREFUSED",
    ),
  });
  const unknown = get("http://nobody.invalid/x");
  await expect(unknown).rejects.toMatchObject({ code: "Unavailable" });
});

it("ends when the time is over, also in the middle of an answer, and when it is told to", async () => {
  for (const path of ["/silent", "/slow"]) {
    const slow = get(at(path), { timeoutMs: 100 });
    await expect(slow).rejects.toMatchObject({
      code: "Timeout",
      message: `${at(path)}: no answer in 100 ms`,
    });
  }
  const abort = new AbortController();
  const pending = get(at("/silent"), { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(pending).rejects.toThrow("enough");
});
