import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { requestShutdown } from "./shutdown-request.ts";

let server: Server;
let heard: string[];
let status: number;
beforeEach(async () => {
  heard = [];
  status = 204;
  server = createServer((request, response) => {
    const { authorization } = request.headers;
    heard.push([request.method, request.url, authorization].join(" ").trim());
    const isFound = status === 302 || status === 307;
    response.writeHead(status, isFound ? { location: "/elsewhere" } : {}).end("much to say");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const { signal } = new AbortController();
const addressOf = (host: string): string => `${host}:${(server.address() as AddressInfo).port}`;
const ask = (address: string, clusterHost = "127.0.0.1"): Promise<string | undefined> =>
  requestShutdown({ address, clusterHost }, systemClock, signal);

it("is one PUT without credentials, and any 2xx is an answer", async () => {
  expect(await ask(addressOf("127.0.0.1"))).toBeUndefined();
  expect(heard).toEqual(["PUT /shutdown"]);
});

it.each([302, 307, 404, 503])(
  "does not take %s for an answer, and follows nothing",
  async (code) => {
    status = code;
    expect(await ask(addressOf("127.0.0.1"))).toContain(`answered ${code}`);
    expect(heard).toEqual(["PUT /shutdown"]);
  },
);

describe("an address that a cluster tells, and that is not its own,", () => {
  it.each([
    "127.0.0.1",
    "localhost",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "0.0.0.0",
    "[::1]",
    "[fe80::1]",
  ])("is not asked when it is %s", async (host) => {
    expect(await ask(addressOf(host), "cluster.example")).toContain(
      "cannot be the address of a Service",
    );
    expect(heard).toEqual([]);
  });
});

it("tells what is no address, and where nobody listens", async () => {
  expect(await ask("<pending>:80")).toBe("<pending>:80 is no address");
  const address = addressOf("127.0.0.1");
  await new Promise((resolve) => server.close(resolve));
  expect(await ask(address)).toContain("ECONNREFUSED");
});

it("ends with the controller", async () => {
  const reason = new Error("the end");
  const target = { address: addressOf("127.0.0.1"), clusterHost: "127.0.0.1" };
  await expect(
    requestShutdown(target, systemClock, AbortSignal.abort(reason)),
  ).rejects.toBeDefined();
  expect(heard).toEqual([]);
});
