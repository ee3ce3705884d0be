import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkKubeconfig, clusterNameOf, selectContext } from "./kubeconfig.ts";

const data = Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64");

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly top?: object;
}

function kubeconfig({ cluster, user, context, top }: Parts = {}): Record<string, unknown> {
  const server = "https://10.0.0.1:6443";
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "admin@edge",
    clusters: [{ name: "edge", cluster: { server, ...cluster } }],
    users: [{ name: "admin", user: { token: "s3cret-token", ...user } }],
    contexts: [{ name: "admin@edge", context: { cluster: "edge", user: "admin", ...context } }],
    ...top,
  };
}

function problemsOf(parts: Parts): readonly string[] {
  return checkKubeconfig(kubeconfig(parts)).map(({ field, message }) => `${field}: ${message}`);
}

describe("a kubeconfig", () => {
  it.each<[string, Parts]>([
    ["has a token", {}],
    ["has a client certificate", { user: certificate(data, data) }],
    ["has a name and password", { user: { token: null, username: "u", password: "p" } }],
    ["was redacted", { user: { token: "REDACTED", ...certificate(data, "REDACTED") } }],
    ["says nothing of a current context", { top: { "current-context": "" } }],
    ["speaks plain HTTP below a path", { cluster: { server: "http://localhost:8001/k8s/c-1" } }],
    ["has empty file fields", { user: { tokenFile: "", exec: null } }],
    ["has base64 on several lines", { cluster: { "certificate-authority-data": `${data}\n` } }],
  ])("that %s is accepted", (_name, parts) => {
    expect(problemsOf(parts)).toEqual([]);
  });

  it.each<[string, Parts, string]>([
    ["users[0].user.exec", { user: { exec: { command: "sh" } } }, "never run"],
    ["users[0].user.auth-provider", { user: { "auth-provider": {} } }, "not supported"],
    ["users[0].user.as-groups", { user: { "as-groups": ["a"] } }, "not supported"],
    ["users[0].user.tokenFile", { user: { tokenFile: "/t" } }, "`rok` puts the content"],
    ["users[0].user.token-file", { user: { "token-file": "/t" } }, "expected token instead"],
    ["users[0].user.client-key", { user: { "client-key": "k" } }, "client-key-data instead"],
    ["users[0].user.client-key-data", { user: certificate(data, "%") }, "expected base64"],
    ["users[0].user.client-key-data", { user: certificate(data, null) }, "expected a value"],
    ["users[0].user.username", { user: { password: "p" } }, "expected a value"],
    ["users[0].user.token", { user: { token: "a\nb" } }, "one line"],
    [
      "clusters[0].cluster.certificate-authority",
      { cluster: { "certificate-authority": "/ca.crt" } },
      "certificate-authority-data instead of the path",
    ],
    ["clusters[0].cluster.server", { cluster: { server: "ftp://x" } }, "expected a URL"],
    ["clusters[0].cluster.server", { cluster: { server: null } }, "expected a URL"],
    ["clusters[0].cluster.server", { cluster: { server: "https://u:p@x" } }, "no credentials"],
    ["clusters[0].cluster.proxy-url", { cluster: { "proxy-url": "socks5://x" } }, "http or https"],
    ["current-context", { top: { "current-context": "other" } }, 'expected "admin@edge"'],
    ["contexts[0].context.user", { context: { user: "nobody" } }, 'expected "admin"'],
    ["contexts[0].context.cluster", { context: { cluster: "x" } }, 'expected "edge"'],
    ["contexts", { top: { contexts: [] } }, "exactly one context, found none"],
    ["users", { top: { users: [{ name: "a" }, { name: "b" }] } }, "found 2: a, b"],
    ["clusters", { top: { clusters: {} } }, "expected a list with one cluster"],
    ["clusters[0].name", { top: { clusters: [{ cluster: {} }] } }, "expected a name"],
  ])("with a wrong %s is refused, and the message says so", (field, parts, message) => {
    const problems = problemsOf(parts);
    expect(problems).toContainEqual(expect.stringContaining(message));
    expect(problems.some((problem) => problem.startsWith(`${field}: `))).toBe(true);
    expect(problems.join()).not.toContain("s3cret");
  });

  it("of any shape is judged without a crash", () => {
    const field = fc.constantFrom("clusters", "users", "contexts", "name", "user", "cluster");
    const shape = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
    const wrapped = fc.dictionary(field, fc.oneof(shape, fc.array(shape, { maxLength: 1 })));
    fc.assert(
      fc.property(fc.oneof(shape, wrapped), (value) => {
        expect(checkKubeconfig(value).length).toBeGreaterThan(0);
      }),
    );
  });

  it("gives its cluster's name", () => {
    expect(clusterNameOf(kubeconfig())).toBe("edge");
    expect(clusterNameOf({})).toBeUndefined();
    expect(clusterNameOf("x")).toBeUndefined();
  });
});

describe("selecting a context", () => {
  const both = {
    ...kubeconfig(),
    preferences: { colors: true },
    clusters: ["a", "b"].map((name) => ({ name, cluster: { server: `https://${name}` } })),
    users: ["ua", "ub"].map((name) => ({ name, user: { token: name } })),
    contexts: ["a", "b"].map((name) => ({ name, context: { cluster: name, user: `u${name}` } })),
    "current-context": "a",
  };

  it("keeps that context with its cluster and its user, and what else is at the top", () => {
    const selected = selectContext(both, "b");
    expect(checkKubeconfig(selected)).toEqual([]);
    expect(clusterNameOf(selected)).toBe("b");
    expect(selected).toMatchObject({
      "current-context": "b",
      users: [{ name: "ub" }],
      preferences: { colors: true },
    });
  });

  it("takes the current one, or the only one, when none is named", () => {
    expect(clusterNameOf(selectContext(both))).toBe("a");
    const only = kubeconfig({ top: { "current-context": undefined } });
    expect(selectContext(only)["current-context"]).toBe("admin@edge");
  });

  it("says which ones there are when the choice is not clear", () => {
    expect(() => selectContext(both, "c")).toThrow('no context "c"; there are: a, b');
    expect(() => selectContext({ ...both, "current-context": "" })).toThrow(
      "no current-context; choose a context, there are: a, b",
    );
    expect(() => selectContext({})).toThrow("there is none");
    expect(() => selectContext({ ...both, users: [] })).toThrow('names "ua"');
    expect(() => selectContext("text")).toThrow("expected a kubeconfig");
  });
});

function certificate(certificateData: string, keyData: string | null): object {
  return { "client-certificate-data": certificateData, "client-key-data": keyData };
}
