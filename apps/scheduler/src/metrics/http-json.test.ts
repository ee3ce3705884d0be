import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outbound } from "./bounded-fetch.ts";
import { httpFetcher, readPath } from "./http-json.ts";

const { signal } = new AbortController();
const document = {
  load: 0.5,
  "a.b": 2,
  "it's": 3,
  zones: [
    { name: "berlin", price: 0.31, hours: [1, 2, 3] },
    { name: "oslo", price: "0.12", isGreen: true },
    { name: "oslo-2", price: 9 },
  ],
  byName: { x: { id: 7, price: 4 } },
};

describe("the number at a path of a document", () => {
  it.each<[string, number]>([
    ["load", 0.5],
    ["a.b", 2],
    ["$.load", 0.5],
    ["$['a.b']", 2],
    ["$['it\\'s']", 3],
    ['$["load"]', 0.5],
    ["$.zones[0].price", 0.31],
    ["$.zones[-1].price", 9],
    ["$.zones[0].hours[2]", 3],
    ["$.zones[?@.name == 'oslo'].price", 0.12],
    ["$.zones[?(@.name=='oslo')].price", 0.12],
    ["$.zones[?@.isGreen == true]['price']", 0.12],
    ["$.byName[?@.id == 7].price", 4],
    ["$.byName.x.price ", 4],
  ])("%s is %d", (path, value) => {
    expect(readPath(document, path)).toEqual({ ok: true, value });
  });

  it.each([
    ["nothing", "the document has nothing at nothing"],
    ["constructor", "the document has nothing at constructor"],
    ["$.zones.length", "the document has nothing at $.zones.length"],
    ["$.zones[9]", "the document has nothing at $.zones[9]"],
    ["$.zones", "is not a number"],
    ["$.zones[?@.isGreen == 1.2.3].price", "the document has nothing"],
    ["$..price", 'the path cannot be read from "..price" on'],
    ["$.zones[*].price", 'the path cannot be read from "[*].price" on'],
    ["$.zones[0", 'the path cannot be read from "[0" on'],
  ])("%s is refused: %s", (path, message) => {
    const read = readPath(document, path);
    expect(read).toMatchObject({ ok: false, code: "INVALID_METRIC" });
    expect(read.ok ? "" : read.message).toContain(message);
  });

  it("that could be several is refused", () => {
    const twins = [
      { id: 1, v: 1 },
      { id: 1, v: 2 },
    ];
    expect(readPath(twins, "$[?@.id == 1].v")).toMatchObject({
      message: "expected one value, got 2",
    });
  });

  it("is found or refused in any document, by any path", () => {
    const step = fc.constantFrom(".a", "[0]", "['a']", "[?@.a == 1]", "[", "..", "x", "[-1]");
    const path = fc.array(step).map((steps) => `$${steps.join("")}`);
    fc.assert(
      fc.property(fc.jsonValue(), fc.oneof(path, fc.string()), (value, text) => {
        const read = readPath(value, text);
        expect(read.ok ? Number.isFinite(read.value) : read.message.length > 0).toBe(true);
      }),
    );
  });
});

describe("fetching a document", () => {
  it("happens once for all its metrics, with headers and a token", async () => {
    const asked: Outbound[] = [];
    const fetcher = httpFetcher(async (outbound) => {
      asked.push(outbound);
      return { host: "h", status: 200, text: JSON.stringify(document) };
    });
    const http = {
      url: "https://h/a?b=c",
      headers: { "X-Key": "k", Authorization: "old" },
      bearer_token: "t",
    };
    const values = await fetcher({ type: "http", http }, ["load", "$.none"], signal);
    expect(values.get("load")).toEqual({ ok: true, value: 0.5 });
    expect(values.get("$.none")).toMatchObject({ ok: false });
    expect(asked).toEqual([
      {
        url: "https://h/a?b=c",
        headers: { accept: "application/json", "x-key": "k", authorization: "Bearer t" },
        ca: undefined,
      },
    ]);
  });

  it("fails when the answer is no success", async () => {
    const fetcher = httpFetcher(async () => ({ host: "h", status: 500, text: '{"load":1}' }));
    const http = { url: "https://h/" };
    await expect(fetcher({ type: "http", http }, ["load"], signal)).rejects.toThrow("answered 500");
  });
});
