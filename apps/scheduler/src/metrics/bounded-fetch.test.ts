import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { boundedFetch, jsonOf } from "./bounded-fetch.ts";

let server: Server;
let address: string;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/redirect") response.writeHead(302, { location: "/json" }).end();
    else if (request.url === "/html") response.writeHead(502).end("<html>");
    else if (request.url === "/large")
      response.end(`"${"x".repeat(limits.metricsAnswerBytesMax)}"`);
    else if (request.url === "/error") response.writeHead(400).end('{"status":"error"}');
    else if (request.url === "/locked") response.writeHead(401).end("Unauthorized");
    else if (request.url === "/echo") void echo(request, response);
    else if (request.url !== "/silent") response.end('{"a":1}');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  const { method, headers } = request;
  response.end(JSON.stringify({ method, test: headers["x-test"], body }));
}
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(
  path: string,
  hosts: readonly string[] = ["*"],
  signal = new AbortController().signal,
) {
  const { send, close } = boundedFetch(hosts);
  try {
    return jsonOf(await send({ url: `${address}${path}` }, signal));
  } finally {
    await close();
  }
}

it("gives the JSON of an answer, whatever its status", async () => {
  expect(await get("/json")).toEqual({ a: 1 });
  expect(await get("/error")).toEqual({ status: "error" });
});

it("refuses what is not JSON, what is too large, and goes no other way than it was sent", async () => {
  await expect(get("/html")).rejects.toThrow("answered 502, and not with JSON");
  await expect(get("/large")).rejects.toThrow(`more than ${limits.metricsAnswerBytesMax} bytes`);
  await expect(get("/redirect")).rejects.toThrow("answered 302");
  expect(asked.filter((path) => path === "/json")).toHaveLength(1);
});

it("says that credentials are refused, and sends what it is told to send", async () => {
  await expect(get("/locked")).rejects.toThrow("401: the provider's credentials are refused");
  const { send, close } = boundedFetch(["*"]);
  const outbound = { url: `${address}/echo`, headers: { "x-test": "1" }, body: "ask" };
  const answer = await send({ ...outbound, method: "POST" }, new AbortController().signal);
  expect(jsonOf(answer)).toEqual({ method: "POST", test: "1", body: "ask" });
  await close();
});

it("ends when it is told to", async () => {
  const abort = new AbortController();
  const pending = get("/silent", ["*"], abort.signal);
  abort.abort(new Error("enough"));
  await expect(pending).rejects.toThrow("enough");
});

it.each<[boolean, readonly string[]]>([
  [true, ["127.0.0.1"]],
  [true, ["example.org", "*"]],
  [false, []],
  [false, ["localhost", "*.0.0.2", "27.0.0.1"]],
])("speaks to a host of the list only: %s for %j", async (allowed, hosts) => {
  if (allowed) expect(await get("/json", hosts)).toEqual({ a: 1 });
  else await expect(get("/json", hosts)).rejects.toThrow("may not be fetched from 127.0.0.1");
});

it("knows the hosts below a domain, and not those that only end like it", async () => {
  const { send, close } = boundedFetch(["*.example.invalid"]);
  const { signal } = new AbortController();
  const to = (url: string) => send({ url }, signal);
  await expect(to("http://badexample.invalid/")).rejects.toThrow("may not be fetched");
  await expect(to("http://example.invalid/")).rejects.toThrow("may not be fetched");
  await expect(to("http://a.EXAMPLE.invalid/")).rejects.not.toThrow("may not be fetched");
  await close();
});
