import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { openClient } from "./client.ts";

const Cluster = { api: "kubernetes", kind: "Cluster", plural: "clusters", namespaced: true };
const Role = { api: "core", kind: "Role", plural: "roles", namespaced: false };
const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const step of cleanUp.splice(0)) step();
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("each call is one request, with the token and the kind in it", async () => {
  const requests: string[] = [];
  const address = await serve((request, response, body) => {
    expect(request.headers.authorization).toBe("Bearer secret");
    requests.push(`${request.method} ${request.url} ${body}`.trim());
    response.end('{"items":[]}');
  });
  const client = openClient({ address: `${address}/`, token: "secret" });
  const clusters = client.of(Cluster);
  const draft = { metadata: { name: "b" } };
  await clusters.create(draft, "a/b");
  await clusters.get({ namespace: "n", name: "b" });
  await clusters.update({ metadata: { name: "b", namespace: "n", resource_version: "1.2" } });
  await clusters.remove({ namespace: "n", name: "b" }, { force: true });
  await client.of(Role).get({ name: "role:system" });
  await client.decisions({ namespace: "n", name: "b" });
  await client.bind({ namespace: "n", name: "app" }, { name: "b" });
  await client.createToken("me", 60);
  await client.me();
  await clusters.events({ namespace: "n", name: "b" });
  await clusters.cascade({ namespace: "n", name: "b" });
  await client.allowed({ verb: "get", api: "core", resource: "roles" });
  await client.rules();
  await client.version();
  const kind = '"api":"kubernetes","kind":"Cluster"';
  const metadata = '{"name":"b","namespace":"n","resource_version":"1.2"}';
  const place = `${kind},"namespace":"n","name":"b"`;
  expect(requests).toEqual([
    `POST /kubernetes/namespaces/a%2Fb/clusters {"metadata":{"name":"b"},${kind}}`,
    "GET /kubernetes/namespaces/n/clusters/b",
    `PUT /kubernetes/namespaces/n/clusters/b {"metadata":${metadata},${kind}}`,
    "DELETE /kubernetes/namespaces/n/clusters/b?force=True",
    "GET /core/roles/role%3Asystem",
    "GET /kubernetes/namespaces/n/applications/b/decisions",
    `PUT /kubernetes/namespaces/n/applications/app/binding {"cluster":{${place}}}`,
    'POST /core/tokens {"user":"me","expires_in":60}',
    "GET /me",
    "GET /kubernetes/namespaces/n/clusters/b/events",
    "GET /kubernetes/namespaces/n/clusters/b/cascade",
    "GET /me/rights?verb=get&api=core&resource=roles",
    "GET /me/rules",
    "GET /",
  ]);
});

test("patches, dry runs, selections and preconditions travel as the server reads them", async () => {
  const requests: string[] = [];
  const address = await serve((request, response, body) => {
    const type = request.headers["content-type"] ?? "";
    requests.push(`${request.method} ${request.url} ${type} ${body}`.trim());
    response.end('{"items":[],"metadata":{"resource_version":"1"}}');
  });
  const roles = openClient({ address }).of(Role);
  const ref = { name: "r" };
  const dryRun = { dryRun: true };
  await roles.patch(ref, { metadata: { labels: { a: null } } });
  await roles.patch(ref, {}, dryRun);
  await roles.create({ metadata: ref }, undefined, dryRun);
  await roles.update({ metadata: ref }, dryRun);
  await roles.updateStatus(ref, {}, dryRun);
  await roles.remove(ref, { ...dryRun, uid: "u-1" });
  await roles.get(ref, undefined, { view: "summary" });
  const selection = { labelSelector: "a in (b)", fieldSelector: "metadata.name!=c" } as const;
  await roles.list({ ...selection, view: "summary" });
  await roles.openWatch({ ...selection, after: "1", signal: new AbortController().signal });
  const [merge, json] = ["application/merge-patch+json", "application/json"];
  const body = '{"metadata":{"name":"r"},"api":"core","kind":"Role"}';
  const chosen = "labelSelector=a+in+%28b%29&fieldSelector=metadata.name%21%3Dc";
  expect(requests).toEqual([
    `PATCH /core/roles/r ${merge} {"metadata":{"labels":{"a":null}}}`,
    `PATCH /core/roles/r?dryRun=All ${merge} {}`,
    `POST /core/roles?dryRun=All ${json} ${body}`,
    `PUT /core/roles/r?dryRun=All ${json} ${body}`,
    `PUT /core/roles/r/status?dryRun=All ${json} {"status":{}}`,
    "DELETE /core/roles/r?dryRun=All&uid=u-1",
    "GET /core/roles/r?view=summary",
    `GET /core/roles?${chosen}&view=summary&limit=${limits.listPageMax}`,
    `GET /core/roles?${chosen}&watch=&bookmarks=&heartbeat=${limits.heartbeatSeconds}&resource_version=1`,
  ]);
});

test("a list goes over all pages, and begins again when history overtakes it", async () => {
  const pages = [
    { items: [{ n: 1 }], metadata: { resource_version: "7", continue: "c1" } },
    undefined,
    { items: [{ n: 1 }], metadata: { resource_version: "9", continue: "c2" } },
    { items: [{ n: 2 }], metadata: { resource_version: "9" } },
  ];
  const urls: string[] = [];
  const address = await serve((request, response) => {
    const page = pages[urls.push(request.url ?? "") - 1];
    if (page) return response.end(JSON.stringify(page));
    return response.writeHead(410).end('{"code":"Compacted"}');
  });
  const listing = await openClient({ address }).of(Role).list();
  expect(listing).toEqual({ items: [{ n: 1 }, { n: 2 }], resourceVersion: "9" });
  const first = `/core/roles?limit=${limits.listPageMax}`;
  expect(urls).toEqual([first, `${first}&continue=c1`, first, `${first}&continue=c2`]);
});

test("names that would change the path are refused before anything is sent", async () => {
  const clusters = openClient({ address: "http://127.0.0.1:1" }).of(Cluster);
  for (const name of ["", ".", ".."]) {
    await expect(clusters.remove({ namespace: "n", name })).rejects.toMatchObject({
      code: "Invalid",
    });
  }
});

test("addresses and tokens that cannot be used are refused at once", () => {
  for (const address of ["", "localhost:8080", "ftp://x", "http://u:p@x", "http://x/?a"]) {
    expect(() => openClient({ address }), address).toThrow(/address/);
  }
  expect(() => openClient({ address: "http://x", token: "two words" })).toThrow(/token/);
});

test("nobody there, a redirect, and an answer that is no JSON are told apart", async () => {
  const asking = (address: string) => openClient({ address }).version();
  await expect(asking("http://127.0.0.1:1")).rejects.toThrow(
    /http:\/\/127\.0\.0\.1:1 \(.+\); "npm/,
  );
  const moved = await serve((_request, response) => {
    response.writeHead(301, { location: "https://elsewhere/" }).end();
  });
  await expect(asking(moved)).rejects.toThrow("redirects to https://elsewhere/");
  const page = await serve((_request, response) => void response.end("<html>"));
  await expect(asking(page)).rejects.toThrow("is it an Octoplane server?");
});
