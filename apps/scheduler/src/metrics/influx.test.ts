import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outbound } from "./bounded-fetch.ts";
import { parseCsv } from "./csv.ts";
import { fluxText, influxFetcher, lastValues, readSeries, recordsOf } from "./influx.ts";

const { signal } = new AbortController();
const influx = { url: "http://influx:8086/", token: "t-1", org: "my org", bucket: "power" };
const spec = { type: "influx", influx } as const;
const header = ",result,table,_start,_stop,_time,_value,_field,_measurement,host";

/** One table of an annotated CSV as `/api/v2/query` gives it when no annotations are asked for. */
function table(...rows: readonly (readonly [string, string, string])[]): string {
  const lines = rows.map(
    ([measurement, field, value], index) =>
      `,_result,${index},2024-06-01T11:00:00Z,2024-06-01T12:00:00Z,2024-06-01T11:59:30.5Z,${value},${field},${measurement},a`,
  );
  return `${[header, ...lines].join("\r\n")}\r\n\r\n`;
}

describe("the answer of InfluxDB", () => {
  it("gives the last value of each measurement, with the time at which it was measured", () => {
    const records = recordsOf(table(["price", "value", "0.25"]) + table(["load", "cpu", "7"]));
    const time = Date.parse("2024-06-01T11:59:30.5Z");
    expect(readSeries(records, "price")).toEqual({ ok: true, value: 0.25, time });
    expect(readSeries(records, "load")).toEqual({ ok: true, value: 7, time });
  });

  it("is that of the field `value` when there are several", () => {
    const records = recordsOf(table(["price", "unit", "EUR"], ["price", "value", "3"]));
    expect(readSeries(records, "price")).toMatchObject({ ok: true, value: 3 });
  });

  it.each([
    ["the bucket has no value of price in the last 1h", table(["load", "value", "1"])],
    ["the bucket has no value of price in the last 1h", "\r\n"],
    ["expected one series, got 2", table(["price", "a", "1"], ["price", "b", "2"])],
    ["expected one series, got 2", table(["price", "value", "1"], ["price", "value", "2"])],
    ['the value "EUR" is not a number', table(["price", "unit", "EUR"])],
  ])("is refused with: %s", (message, text) => {
    const read = readSeries(recordsOf(text), "price");
    expect(read).toMatchObject({ ok: false, code: "INVALID_METRIC" });
    expect(read.ok ? "" : read.message).toContain(message);
  });

  it("that tells an error in a table is a failure of the provider", () => {
    const text = "error,reference\r\nengine: unknown field,897\r\n";
    expect(() => recordsOf(text)).toThrow("could not answer the query: engine: unknown field");
  });

  it("that is no table is a failure of the provider", () => {
    for (const text of ["<!doctype html>\n<title>Sign in</title>", "oops", '{"a":1}']) {
      expect(() => recordsOf(text)).toThrow("the answer is no table of values");
    }
    expect(recordsOf("")).toEqual([]);
  });

  it("may bear annotations, and names that need quotes", () => {
    const annotated = `#datatype,string,long\r\n${table(['"a ""b"", c"', "value", "1"])}`;
    expect(readSeries(recordsOf(annotated), 'a "b", c')).toMatchObject({ ok: true, value: 1 });
  });
});

describe("the question to InfluxDB", () => {
  it("is one query for all measurements, with the token, in the organisation", async () => {
    const asked: Outbound[] = [];
    const fetcher = influxFetcher(async (outbound) => {
      asked.push(outbound);
      const text = table(["price", "value", "1"], ["load", "value", "2"]);
      return { host: "influx:8086", status: 200, text };
    });
    const values = await fetcher(spec, ["price", "load"], signal);
    expect([...values].map(([name, value]) => [name, value.ok && value.value])).toEqual([
      ["price", 1],
      ["load", 2],
    ]);
    expect(asked).toHaveLength(1);
    const [{ url, method, headers, body }] = asked as [Outbound];
    expect([method, url]).toEqual(["POST", "http://influx:8086/api/v2/query?org=my%20org"]);
    expect(headers).toMatchObject({ authorization: "Token t-1", accept: "application/csv" });
    expect(JSON.parse(body ?? "")).toMatchObject({
      type: "flux",
      query:
        'from(bucket: "power") |> range(start: -1h) |> ' +
        'filter(fn: (r) => r._measurement == "price" or r._measurement == "load") |> last()',
    });
  });

  it("tells why it was refused", async () => {
    const refusing = (status: number, text: string) =>
      influxFetcher(async () => ({ host: "influx:8086", status, text }))(spec, ["price"], signal);
    const missing = '{"code":"not found","message":"failed to initialize: bucket not found"}';
    await expect(refusing(404, missing)).rejects.toThrow("answered 404: failed to initialize");
    await expect(refusing(502, "<html>")).rejects.toThrow("influx:8086 answered 502");
    await expect(refusing(401, "{}")).rejects.toThrow("credentials are refused");
  });

  it("cannot be made into another by the name of a measurement or a bucket", () => {
    expect(fluxText('a" or "1" == "1')).toBe('"a\\" or \\"1\\" == \\"1"');
    expect(fluxText("${secrets.get()}")).toBe('"\\${secrets.get()}"');
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (bucket, name) => {
        const text = lastValues(bucket, [name]);
        const outside = text.replace(/"(?:[^"\\]|\\.)*"/gs, "TEXT");
        expect(outside).toBe(
          "from(bucket: TEXT) |> range(start: -1h) |> filter(fn: (r) => r._measurement == TEXT) |> last()",
        );
        expect(text).not.toMatch(/(?<!\\)(?:\\\\)*\$\{/);
      }),
    );
  });
});

it("reading comma-separated values gives back what was written", () => {
  const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", " ") });
  const row = fc.array(field, { minLength: 2, maxLength: 4 });
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const text = rows.map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
      expect(parseCsv(text)).toEqual(rows);
    }),
  );
});
