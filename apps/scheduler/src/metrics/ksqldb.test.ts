import { describe, expect, it } from "vitest";
import type { Outbound } from "./bounded-fetch.ts";
import { ksqldbFetcher, pullQuery, readRows, rowsOf } from "./ksqldb.ts";

const { signal } = new AbortController();
const kafka = {
  url: "http://ksql:8088",
  table: "METRICS",
  comparison_column: "NAME",
  value_column: "VALUE",
};
const spec = { type: "kafka", kafka } as const;
const header = { header: { queryId: "query_1", schema: "`NAME` STRING KEY, `VALUE` DOUBLE" } };

function answerOf(parts: unknown, status = 200) {
  return { host: "ksql:8088", status, text: JSON.stringify(parts) };
}

function row(...columns: readonly unknown[]): unknown {
  return { row: { columns } };
}

describe("the answer of ksqlDB", () => {
  it("gives the value of each row by its name", () => {
    const rows = rowsOf(answerOf([header, row("price", 0.25), row("load", 7)]));
    expect([...readRows(rows, ["load", "price"])]).toEqual([
      ["load", { ok: true, value: 7 }],
      ["price", { ok: true, value: 0.25 }],
    ]);
  });

  it("may come a line each, with a last message", () => {
    const lines = [header, row("price", 1), { finalMessage: "Limit Reached" }];
    const text = lines.map((line) => JSON.stringify(line)).join("\n");
    expect(rowsOf({ host: "ksql:8088", status: 200, text })).toEqual([["price", 1]]);
  });

  it.each([
    ["the table has no row for price", [header]],
    ["expected one row for price, got several", [header, row("price", 1), row("price", 2)]],
    ['the value "much" is not a number', [header, row("price", "much")]],
    ["the value null is not a number", [header, row("price", null)]],
  ])("is refused with: %s", (message, parts) => {
    const read = readRows(rowsOf(answerOf(parts)), ["price"]).get("price");
    expect(read).toEqual({ ok: false, code: "INVALID_METRIC", message });
  });

  it.each([
    [
      "answered 400: METRICS does not exist",
      answerOf(
        { "@type": "statement_error", error_code: 40001, message: "METRICS does not exist" },
        400,
      ),
    ],
    ["answered 200: gone", answerOf([header, { errorMessage: { message: "gone" } }])],
    ["answered 502, and not with JSON", { host: "ksql:8088", status: 502, text: "<html>" }],
    ["credentials are refused", { host: "ksql:8088", status: 401, text: "" }],
  ])("fails with: %s", (message, answer) => {
    expect(() => rowsOf(answer)).toThrow(message);
  });
});

describe("the question to ksqlDB", () => {
  it("is one pull query for all metrics, with the credentials", async () => {
    const asked: Outbound[] = [];
    const fetcher = ksqldbFetcher(async (outbound) => {
      asked.push(outbound);
      return answerOf([header, row("price", 1)]);
    });
    const basic_auth = { username: "key", password: "secret" };
    const values = await fetcher(
      { ...spec, kafka: { ...kafka, basic_auth } },
      ["price", "load"],
      signal,
    );
    expect(values.get("price")).toEqual({ ok: true, value: 1 });
    expect(values.get("load")).toMatchObject({ ok: false });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      url: "http://ksql:8088/query",
      method: "POST",
      headers: { authorization: "Basic a2V5OnNlY3JldA==" },
    });
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({
      ksql: "SELECT NAME, VALUE FROM METRICS WHERE NAME IN ('price', 'load');",
      streamsProperties: {},
    });
  });

  it("quotes what is no plain name, and every text", () => {
    const place = { table: "my-table; DROP TABLE x", comparison: "`Name`", value: "v" };
    expect(pullQuery(place, ["it's"])).toBe(
      "SELECT `Name`, v FROM `my-table; DROP TABLE x` WHERE `Name` = 'it''s';",
    );
    expect(pullQuery({ ...place, value: "a`b" }, ["x"])).toContain("SELECT `Name`, `a``b` FROM");
  });
});
