import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { sendJson, sendStatus } from "./testing/scripted-server.ts";
import { configMaps, errorOf, Stage, steppedClock } from "./testing/stage.ts";

const stage = new Stage();
afterEach(() => stage.clear());

describe("a list", () => {
  const item = (name: string): object => ({ metadata: { name } });

  it("has all pages, its items have their kind, and its version is the last page's", async () => {
    const { kube, server } = await stage.scene(({ query }, response) => {
      const next = { "": "1", "1": "2", "2": "" }[query["continue"] ?? ""];
      const metadata = { resourceVersion: "5", continue: next };
      sendJson(response, { kind: "ConfigMapList", metadata, items: [item(`m${next}`)] });
    });
    const list = await kube.list(configMaps, { namespace: "a", labelSelector: "app=x" });
    expect(list.resourceVersion).toBe("5");
    expect(list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "ConfigMap m1",
      "ConfigMap m2",
      "ConfigMap m",
    ]);
    expect(server.seen[2]?.query).toEqual({ limit: "500", labelSelector: "app=x", continue: "2" });
  });

  it("whose version expires between pages starts again, once", async () => {
    let expiries = 1;
    const { kube, server } = await stage.scene(({ query }, response) => {
      if (query["continue"] === undefined) {
        sendJson(response, { metadata: { continue: "1" }, items: [item("a")] });
      } else if (expiries > 0) {
        expiries -= 1;
        sendStatus(response, 410, { reason: "Expired" });
      } else sendJson(response, { metadata: { resourceVersion: "9" }, items: [item("b")] });
    });
    const { items } = await kube.list(configMaps);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
    expect(server.seen).toHaveLength(4);
    expiries = 2;
    expect(await errorOf(kube.list(configMaps))).toMatchObject({ status: 410, retry: true });
  });

  it("of a server that always has another page ends by the limit of time", async () => {
    const { clock, advance } = steppedClock();
    const { kube } = await stage.scene(
      (_request, response) => {
        advance(1_000);
        sendJson(response, { metadata: { continue: "more" }, items: [] });
      },
      { clock },
    );
    expect(await errorOf(kube.list(configMaps))).toMatchObject({ reason: "Unreachable" });
  });
});

describe("discovery", () => {
  const aggregated = (group: string, kind: string): object => ({
    kind: "APIGroupDiscoveryList",
    items: [
      {
        metadata: { name: group },
        versions: [
          {
            version: "v1",
            resources: [
              { resource: `${kind.toLowerCase()}s`, responseKind: { kind }, scope: "Cluster" },
            ],
          },
        ],
      },
    ],
  });

  it("takes two requests where the server aggregates, and none the next time", async () => {
    const { kube, server } = await stage.scene(({ path }, response) =>
      sendJson(response, path === "/api" ? aggregated("", "Node") : aggregated("g", "Net")),
    );
    const names = async (refresh: boolean): Promise<readonly string[]> =>
      (await kube.discover({ refresh })).kinds.map(({ group, plural }) => `${group}/${plural}`);
    expect(await names(false)).toEqual(["/nodes", "g/nets"]);
    expect(await names(false)).toEqual(["/nodes", "g/nets"]);
    expect(server.seen).toHaveLength(2);
    expect(server.seen[0]?.headers.accept).toMatch(/v=v2;.*v=v2beta1;.*application\/json$/);
    await names(true);
    expect(server.seen).toHaveLength(4);
  });

  it("walks the groups of an old server, and tells which of them was down until it is asked anew", async () => {
    let isDown = true;
    const { kube } = await stage.scene(({ path }, response) => {
      const resource = { name: "things", kind: "Thing", namespaced: true, verbs: ["get"] };
      if (path === "/api") sendJson(response, { kind: "APIVersions", versions: ["v1"] });
      else if (path === "/apis") {
        const groups = ["up.io", "down.io"].map((name) => ({
          name,
          versions: [{ version: "v1" }],
        }));
        sendJson(response, { kind: "APIGroupList", groups });
      } else if (path === "/apis/down.io/v1" && isDown) sendStatus(response, 503, {});
      else sendJson(response, { kind: "APIResourceList", resources: [resource] });
    });
    const groups = async (refresh: boolean): Promise<readonly (readonly string[])[]> => {
      const { kinds, silentGroups } = await kube.discover({ refresh });
      return [kinds.map(({ group }) => group), silentGroups];
    };
    const half = [["", "up.io"], ["down.io"]];
    expect(await groups(false)).toEqual(half);
    isDown = false;
    expect(await groups(false)).toEqual(half);
    expect(await groups(true)).toEqual([["", "up.io", "down.io"], []]);
  });

  it("can be given up by one caller while another waits on", async () => {
    const held: ServerResponse[] = [];
    const { kube } = await stage.scene((_request, response) => {
      held.push(response);
    });
    const controller = new AbortController();
    const leaving = errorOf(kube.discover({ signal: controller.signal }));
    const staying = kube.discover();
    await expect.poll(() => held.length).toBe(2);
    controller.abort();
    expect(await leaving).toMatchObject({ reason: "Aborted" });
    for (const response of held) sendJson(response, aggregated("g", "Net"));
    expect((await staying).kinds).toHaveLength(2);
  });
});
