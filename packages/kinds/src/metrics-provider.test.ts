import { describe, expect, it } from "vitest";
import { isFailure } from "@octoplane/shared/errors";
import { anyKind } from "./kind.ts";
import { MetricsProviderKind } from "./metrics-provider.ts";
import { readInput } from "./read-input.ts";

const kind = anyKind(MetricsProviderKind);
const url = "https://p:9090";
const ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const basic_auth = { username: "u", password: "p" };

/** What is wrong with the specification, as `field: message`. */
function problemsOf(spec: object): readonly string[] {
  try {
    readInput(kind, { metadata: { name: "p" }, spec });
    return [];
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return error.fields.map(({ field, message }) => `${field}: ${message}`);
  }
}

describe("a metrics provider", () => {
  it.each<[string, object]>([
    ["prometheus", { url }],
    ["prometheus", { url, basic_auth, ca }],
    ["prometheus", { url, basic_auth: null, bearer_token: null, ca: null }],
    ["influx", { url, token: "t", org: "o", bucket: "b", ca }],
    ["kafka", { url, table: "t", comparison_column: "c", value_column: "v", bearer_token: "b" }],
    ["http", { url: `${url}/a?b=c&d=e` }],
    ["http", { url, headers: { "X-Api-Key": "REDACTED" }, basic_auth }],
    ["cluster", {}],
    ["static", { metrics: { a: 1 } }],
  ])("of type %s may say %j", (type, block) => {
    expect(problemsOf({ type, [type]: block })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["prometheus", { url: "ftp://x" }, "spec.prometheus.url: expected an http or https URL"],
    ["prometheus", { url: `${url}?a=b` }, "spec.prometheus.url: expected a URL without a query"],
    ["http", { url: `${url}?a#b` }, "spec.http.url: expected a URL without a query or a fragment"],
    ["http", { url: "https://u:p@x" }, "spec.http.url: expected no credentials in the URL"],
    [
      "prometheus",
      { url, basic_auth, bearer_token: "t" },
      "spec.prometheus: expected basic_auth or bearer_token, not both",
    ],
    [
      "prometheus",
      { url, basic_auth: { username: "a:b", password: "p" } },
      "spec.prometheus.basic_auth.username: expected no colon",
    ],
    ["prometheus", { url, ca: "/etc/ca.crt" }, "spec.prometheus.ca: expected certificates in PEM"],
    [
      "http",
      { url, bearer_token: "a\nb" },
      "spec.http.bearer_token: expected a text that a header",
    ],
    ["http", { url, headers: { "a b": "c" } }, "spec.http.headers.a b: expected the name"],
    ["http", { url, headers: { Host: "x" } }, "spec.http.headers.Host: this header is not for"],
    ["http", { url, headers: { a: "b\r\nc: d" } }, "spec.http.headers.a: expected a text"],
  ])("of type %s may not say %j", (type, block, problem) => {
    expect(problemsOf({ type, [type]: block }).join("\n")).toContain(problem);
  });

  it("has the block of its type, and no other", () => {
    const spec = { type: "http", prometheus: { url } };
    expect(problemsOf(spec)).toEqual([
      "spec.prometheus: not expected: the type is http",
      "spec.http: expected for a provider of type http",
    ]);
    expect(problemsOf({ type: "cluster", cluster: { url } })).toHaveLength(1);
  });
});
