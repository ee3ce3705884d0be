import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import type { Outbound } from "./bounded-fetch.ts";
import { prometheusFetcher, readAnswer } from "./prometheus.ts";
import { fetchStatic } from "./static.ts";

function vector(...samples: readonly unknown[]): unknown {
  return { status: "success", data: { resultType: "vector", result: samples } };
}

function sample(value: unknown, name?: string): unknown {
  return { metric: name === undefined ? { job: "a" } : { __name__: name }, value: [1, value] };
}

describe("an answer of Prometheus", () => {
  it.each<[string, number, unknown]>([
    ["one series of an expression", 0.25, vector(sample("0.25"))],
    ["one series by its name", 3, vector(sample("3", "load"))],
    ["the series that bears the name, among others", 3, vector(sample("1"), sample("3", "load"))],
    ["a scalar", 42, { status: "success", data: { resultType: "scalar", result: [1, "42"] } }],
    ["an exponent", 1_500, vector(sample("1.5e3"))],
    ["a warning beside the value", 1, { ...(vector(sample("1")) as object), warnings: ["w"] }],
  ])("with %s is the number %d", (_what, value, answer) => {
    expect(readAnswer(answer, "load")).toEqual({ ok: true, value });
  });

  it.each<[string, string, unknown]>([
    ["no series", "the query gave no value", vector()],
    [
      "many series",
      "expected one series, got 3; aggregate them",
      vector(sample("1"), sample("2"), sample("3")),
    ],
    [
      "many of the name",
      "expected one series, got 2",
      vector(sample("1", "load"), sample("2", "load"), sample("3")),
    ],
    ["NaN", 'the value "NaN" is not a number', vector(sample("NaN"))],
    ["infinity", 'the value "+Inf" is not a number', vector(sample("+Inf"))],
    ["a histogram", "the provider gave no value", vector({ metric: {}, histogram: [1, {}] })],
    [
      "a range",
      "expected one number, got a matrix",
      { status: "success", data: { resultType: "matrix", result: [] } },
    ],
    [
      "a text",
      "expected one number, got a string",
      { status: "success", data: { resultType: "string", result: [1, "1"] } },
    ],
    [
      "an error",
      "Prometheus refused the query: parse error",
      { status: "error", error: "parse error" },
    ],
    ["nothing", "Prometheus refused the query: no reason given", null],
    ["something else", "Prometheus refused the query", [1, 2]],
    [
      "a kind of answer that is no text",
      'expected one number, got a {"toString":""}',
      { status: "success", data: { resultType: { toString: "" }, result: [] } },
    ],
    ["no data", "expected one number, got a nothing", { status: "success" }],
    [
      "a broken scalar",
      "the provider gave no value",
      { status: "success", data: { resultType: "scalar", result: null } },
    ],
    ["a broken series", "the provider gave no value", vector(null)],
  ])("with %s is refused: %s", (_what, message, answer) => {
    const read = readAnswer(answer, "load");
    expect(read).toMatchObject({ ok: false, code: "INVALID_METRIC" });
    expect(read.ok ? "" : read.message).toContain(message);
  });

  it("of any shape is read or refused, never a crash", () => {
    const part = fc.oneof(fc.jsonValue(), fc.constant("success"), fc.constant("vector"));
    const data = fc.record({ resultType: part, result: fc.oneof(part, fc.array(part)) });
    const answer = fc.record({
      status: fc.constantFrom("success", "error"),
      data: fc.oneof(part, data),
    });
    fc.assert(
      fc.property(fc.oneof(part, answer), (value) => {
        const read = readAnswer(value, "load");
        expect(read.ok ? Number.isFinite(read.value) : read.message.length > 0).toBe(true);
      }),
    );
  });
});

function answerOf(json: unknown) {
  return { host: "prom:9090", status: 200, text: JSON.stringify(json) };
}

describe("fetching from Prometheus", () => {
  const spec = { type: "prometheus", prometheus: { url: "http://prom:9090/base/" } } as const;
  const { signal } = new AbortController();

  it("asks for each expression once, encoded, below the path of the provider", async () => {
    const asked: string[] = [];
    const fetcher = prometheusFetcher(async ({ url }) => {
      asked.push(url);
      return answerOf(vector(sample(String(asked.length))));
    });
    const names = ["up", 'sum(rate(a{b="c d"}[5m])) / 2 & 1'];
    const values = await fetcher(spec, names, signal);
    expect([...values.keys()]).toEqual(names);
    expect(asked[0]).toBe("http://prom:9090/base/api/v1/query?query=up");
    expect(new URL(asked[1]!).searchParams.get("query")).toBe(names[1]);
  });

  it("sends who asks along, and whose certificates are believed", async () => {
    const asked: Outbound[] = [];
    const fetcher = prometheusFetcher(async (outbound) => {
      asked.push(outbound);
      return answerOf(vector(sample("1")));
    });
    const { url } = spec.prometheus;
    const basic_auth = { username: "otto", password: "pässword" };
    for (const prometheus of [
      { url, ca: "PEM", bearer_token: "t-1" },
      { url, basic_auth },
      { url, basic_auth: null, bearer_token: null, ca: null },
    ]) {
      await fetcher({ type: "prometheus", prometheus }, ["up"], signal);
    }
    expect(asked.map(({ headers, ca }) => [headers?.["authorization"], ca])).toEqual([
      ["Bearer t-1", "PEM"],
      [`Basic ${Buffer.from("otto:pässword").toString("base64")}`, undefined],
      [undefined, undefined],
    ]);
  });

  it("asks a few at a time, however many there are", async () => {
    let open = 0;
    let most = 0;
    const fetcher = prometheusFetcher(async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return answerOf(vector(sample("1")));
    });
    const names = Array.from({ length: 50 }, (_, index) => `m${index}`);
    expect((await fetcher(spec, names, signal)).size).toBe(50);
    expect(most).toBe(limits.metricsRequestsMax);
  });

  it("tells of each what is wrong with it, and fails when nothing answers", async () => {
    const fetcher = prometheusFetcher(async ({ url }) => {
      if (url.endsWith("bad")) throw new Error("reset");
      return answerOf(vector(sample("1")));
    });
    const values = await fetcher(spec, ["good", "bad"], signal);
    expect(values.get("good")).toEqual({ ok: true, value: 1 });
    expect(values.get("bad")).toMatchObject({
      ok: false,
      code: "UNREACHABLE_METRICS_PROVIDER",
      message: "reset",
    });
    await expect(fetcher(spec, ["bad", "too bad"], signal)).rejects.toThrow("reset");
  });
});

it("a static provider gives the values that stand in it, and no others", async () => {
  const spec = { type: "static", static: { metrics: { load: 0.5 } } } as const;
  const values = await fetchStatic(
    spec,
    ["load", "other", "constructor"],
    new AbortController().signal,
  );
  expect(values.get("load")).toEqual({ ok: true, value: 0.5 });
  for (const name of ["other", "constructor"]) {
    expect(values.get(name)).toMatchObject({ ok: false, code: "INVALID_METRIC" });
  }
});
