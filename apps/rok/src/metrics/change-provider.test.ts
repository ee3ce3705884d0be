import { describe, expect, it } from "vitest";
import { changeProvider, newProvider, type ProviderSpec } from "./change-provider.ts";

const url = "https://p";
const prometheus = (block: object): ProviderSpec => ({ type: "prometheus", prometheus: block });

describe("the flags of a metrics provider", () => {
  it("make each type of it", () => {
    expect(newProvider({ type: "prometheus", url, bearerToken: "t", caFile: "PEM" })).toEqual(
      prometheus({ url, bearer_token: "t", basic_auth: null, ca: "PEM" }),
    );
    expect(newProvider({ type: "http", url, header: ["X-Key: a:b", "Y:z"] })).toEqual({
      type: "http",
      http: { url, headers: { "X-Key": "a:b", Y: "z" } },
    });
    expect(newProvider({ type: "cluster" })).toEqual({ type: "cluster", cluster: {} });
    expect(() => newProvider({ type: "http" })).toThrow("needs --url");
    expect(() => newProvider({ type: "cluster", url })).toThrow("of type cluster has no --url");
    expect(() => newProvider({ type: "influx", url, username: "u" })).toThrow("needs --token");
    const influx = { type: "influx", url, token: "t", org: "o", bucket: "b" } as const;
    expect(() => newProvider({ ...influx, username: "u" })).toThrow("has no --username");
    expect(() => newProvider({ type: "static", metric: [], caFile: "PEM" })).toThrow(
      "has no --ca-file",
    );
  });

  it("change who asks, and nothing else", () => {
    const before = prometheus({ url, basic_auth: { username: "u", password: "REDACTED" } });
    expect(changeProvider(before, { username: "v" })).toEqual(
      prometheus({
        url,
        basic_auth: { username: "v", password: "REDACTED" },
        bearer_token: null,
      }),
    );
    expect(changeProvider(before, { anonymous: true })).toEqual(
      prometheus({ url, basic_auth: null, bearer_token: null }),
    );
    expect(changeProvider(before, { caFile: "" })).toMatchObject({ prometheus: { ca: null } });
    expect(changeProvider(before, { url: "https://q" })).toEqual(
      prometheus({ url: "https://q", basic_auth: { username: "u", password: "REDACTED" } }),
    );
    expect(() => changeProvider(prometheus({ url }), { username: "u" })).toThrow(
      "expected both --username and --password-file",
    );
    expect(() => changeProvider(before, { bearerToken: "t", username: "u" })).toThrow("not both");
    expect(() => changeProvider(before, { bearerToken: "t", anonymous: true })).toThrow("not both");
  });

  it("add headers, replace them, and take them away", () => {
    const before = { type: "http", http: { url, headers: { a: "1", b: "2" } } } as const;
    expect(changeProvider(before, { header: ["b: 3", "a:", "c: 4"] })).toEqual({
      type: "http",
      http: { url, headers: { b: "3", c: "4" } },
    });
    expect(() => changeProvider(before, { header: ["none"] })).toThrow("--header: expected a name");
  });
});
