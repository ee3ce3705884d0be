import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { boundedFetch } from "./bounded-fetch.ts";

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
    else if (request.url !== "/silent") response.end('{"a":1}');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(
  path: string,
  hosts: readonly string[] = ["*"],
  signal = new AbortController().signal,
) {
  const { fetchJson, close } = boundedFetch(hosts);
  try {
    return await fetchJson(`${address}${path}`, signal);
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
  const { fetchJson, close } = boundedFetch(["*.example.invalid"]);
  const { signal } = new AbortController();
  await expect(fetchJson("http://badexample.invalid/", signal)).rejects.toThrow(
    "may not be fetched",
  );
  await expect(fetchJson("http://example.invalid/", signal)).rejects.toThrow("may not be fetched");
  await expect(fetchJson("http://a.EXAMPLE.invalid/", signal)).rejects.not.toThrow(
    "may not be fetched",
  );
  await close();
});
