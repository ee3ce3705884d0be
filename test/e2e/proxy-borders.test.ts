import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { waitFor } from "../wait-for.ts";
import { openStreamField, type StreamField } from "./streams-field.ts";

/** What must not get through the proxy of a cluster, and what must not be left behind by what does. */

let field: StreamField;
const proxy = "/kubernetes/namespaces/team/clusters/edge/proxy";
const maps = `${proxy}/api/v1/namespaces/default/configmaps`;

beforeAll(async () => {
  field = await openStreamField();
});
afterAll(async () => await field[Symbol.asyncDispose]());

/** The status of a request whose path goes as it is written. */
function statusOf(
  method: string,
  path: string,
  { headers = {}, body = "" }: { readonly headers?: object; readonly body?: string } = {},
): Promise<number> {
  const { server } = field;
  const authorization = `Bearer ${server.tokenOf("system:admin")}`;
  const { hostname, port } = new URL(server.address);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: { authorization, ...headers } },
      (answer) => {
        answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.once("error", reject).end(body);
  });
}

describe("the proxy of a cluster", () => {
  it.each([
    "/api/../x",
    "/api/%2e%2e/x",
    "/api/..%2fx",
    "/api/%252e%252e%252fx",
    "/api/..%5cx",
    // One byte that is no text must not hide the rest from us, and not from a gateway.
    "/api/..%252fother%252f%25ff%252f..%252fx",
    "/api/..%252f%25",
  ])("passes no path that may lead out of it: %s", async (path) => {
    const arrived: string[] = [];
    const stop = field.cluster.traffic.listen((arrival) => void arrived.push(arrival.path));
    expect(await statusOf("GET", `${proxy}${path}`)).toBeGreaterThanOrEqual(400);
    stop();
    expect(arrived.filter((one) => one.includes("."))).toEqual([]);
  });

  it("passes what has a percent sign, and no dots", async () => {
    expect(await statusOf("GET", `${maps}/a%25b`)).toBe(404);
  });

  it("passes nothing that a page of elsewhere sends with what a browser adds by itself", async () => {
    const body = JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "forged" },
    });
    const headers = { origin: "https://elsewhere.example", "content-type": "application/json" };
    const simple = { origin: "https://elsewhere.example" };
    expect(await statusOf("POST", maps, { headers: simple, body })).toBe(403);
    expect(await statusOf("POST", maps, { headers, body })).toBe(403);
    expect(await statusOf("GET", `${maps}/forged`)).toBe(404);
    const own = { ...headers, origin: field.server.address };
    expect(await statusOf("POST", maps, { headers: own, body })).toBe(201);
  });

  it("keeps no place for what has been answered, also when there was nothing to read", async () => {
    const { kubeStreamsMax } = limits;
    for (let count = 0; count < kubeStreamsMax + 10; count += 1) {
      // Whatever a cluster says to it.
      expect(await statusOf("HEAD", maps)).toBeLessThan(500);
    }
    await waitFor("the last of them", async () => (await statusOf("GET", maps)) === 200);
  });
});
