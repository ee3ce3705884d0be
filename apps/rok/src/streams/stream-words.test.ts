import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folderAndName, readCopyPlan, splitPod } from "./copy-place.ts";
import { sizeText } from "./copy-progress.ts";
import { podsMeant } from "./find-pod.ts";
import { targetPort } from "./forward-ports.ts";
import { foreignPage } from "./local-guard.ts";
import { readForwardWords } from "./port-words.ts";
import { exitCodeOf } from "./remote-command.ts";
import { logQuery } from "./show-logs.ts";
import { treeLines } from "./show-pods.ts";
import { TerminalFilter } from "./terminal-filter.ts";

describe("the words of a copy", () => {
  test("say which end is in the application", () => {
    expect(readCopyPlan("web:/tmp/x", ".")).toEqual({
      direction: "down",
      application: "web",
      local: ".",
      remote: "/tmp/x",
    });
    expect(readCopyPlan("./a:b", "web:x").direction).toBe("up");
    for (const [from, to] of [
      ["a", "b"],
      ["web:/a", "web:/b"],
      ["web:", "b"],
    ] as const) {
      expect(() => readCopyPlan(from, to)).toThrow(/expected/);
    }
  });

  test("may name a Pod before the path", () => {
    const isPod = (name: string) => name === "web-1";
    expect(splitPod("web-1/tmp/x", isPod)).toEqual({ pod: "web-1", path: "/tmp/x" });
    expect(splitPod("web-1//tmp", isPod)).toEqual({ pod: "web-1", path: "/tmp" });
    expect(splitPod("web-2/tmp", isPod)).toEqual({ pod: undefined, path: "web-2/tmp" });
    expect(splitPod("/tmp/x", isPod)).toEqual({ pod: undefined, path: "/tmp/x" });
  });

  test.each([
    ["/tmp/x", "/tmp", "x"],
    ["/tmp/x/", "/tmp", "x"],
    ["x", ".", "x"],
    ["/", "/", "."],
    ["/data/.", "/", "data"],
    ["..", "..", "."],
  ])("%j is in %j and called %j", (path, folder, name) => {
    expect(folderAndName(path)).toEqual({ folder, name });
  });

  test("sizes are told as people read them", () => {
    expect([0, 1_023, 1_024, 200 * 1024 ** 2, 3 * 1024 ** 3].map(sizeText)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "200.0 MiB",
      "3.0 GiB",
    ]);
  });
});

describe("the words of forwarded ports", () => {
  test.each([
    ["8080:80", undefined, [{ local: 8_080, remote: "80" }]],
    ["80", undefined, [{ local: 80, remote: "80" }]],
    [":http", undefined, [{ local: 0, remote: "http" }]],
    ["svc/redis 6379", "svc/redis", [{ local: 6_379, remote: "6379" }]],
    [
      "web-1 1:2 3:4",
      "web-1",
      [
        { local: 1, remote: "2" },
        { local: 3, remote: "4" },
      ],
    ],
  ])("%j", (text, target, ports) => {
    expect(readForwardWords(text.split(" "))).toEqual({ target, ports });
  });

  test.each(["", "web", "0", "web 8080:", "1:70000", "70000:1", "1:2:3", "a:b"])(
    "%j is refused",
    (text) => {
      expect(() => readForwardWords(text.split(" "))).toThrow("expected ports");
    },
  );
});

const pod = {
  name: "web-1",
  namespace: "default",
  cluster: "edge",
  owner: "Deployment/web",
  phase: "Running",
  ready: "1/1",
  restarts: 0,
  reason: null,
  node: "n",
  created: "",
  default_container: "main",
  containers: [{ name: "main", init: false, ports: [{ name: "http", port: 8_080 }] }],
};

test("a port is found by the Service, by name and by number", () => {
  const service = { name: "front", ports: [{ name: "web", port: 80, target: "http" }] };
  const ofService = { pod, count: 1, service };
  expect(["80", "web"].map((port) => targetPort(ofService, port))).toEqual([8_080, 8_080]);
  expect(() => targetPort(ofService, "8080")).toThrow("there are 80 (web)");
  const ofPod = { pod, count: 1, service: undefined };
  expect(["http", "81"].map((port) => targetPort(ofPod, port))).toEqual([8_080, 81]);
  expect(() => targetPort(ofPod, "grpc")).toThrow("there are http");
});

test("Pods are meant by name, or by what they were made for", () => {
  const db = { ...pod, name: "web", owner: "StatefulSet/db" };
  const all = [pod, db];
  expect(podsMeant(all, undefined)).toEqual(all);
  expect(podsMeant(all, "web")).toEqual([db]);
  expect(podsMeant(all, "deploy/web")).toEqual([pod]);
  expect(podsMeant(all, "db@default")).toEqual([db]);
  expect(podsMeant(all, "db@other")).toEqual([]);
});

describe("a listener here", () => {
  test.each([
    [{ host: "127.0.0.1:8001" }, true],
    [{ host: "localhost:8001" }, true],
    [{ host: "[::1]:8001" }, true],
    [{ host: "192.168.1.5:8001", origin: "http://192.168.1.5:8001" }, true],
    [{ host: "evil.example:8001" }, false],
    [{ host: "localhost.evil.example" }, false],
    [{ host: "" }, false],
    [{}, false],
    [{ host: "127.0.0.1:8001", origin: "https://evil.example" }, false],
    [{ host: "127.0.0.1:8001", origin: "null" }, false],
    [{ host: "127.0.0.1:8001", "sec-fetch-site": "cross-site" }, false],
    [{ host: "127.0.0.1:8001", "sec-fetch-site": "none" }, true],
  ])("%j is passed on: %j", (headers, isGood) => {
    expect(foreignPage(headers) === undefined).toBe(isGood);
  });
});

describe("text for a terminal", () => {
  const filtered = (text: string, cuts: readonly number[] = []): string => {
    const bytes = Buffer.from(text);
    const filter = new TerminalFilter();
    const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
    const parts = edges
      .slice(1)
      .map((end, index) => filter.push(bytes.subarray(edges[index], end)));
    return parts.join("") + filter.end();
  };

  test("has neither colours nor what a terminal obeys", () => {
    expect(filtered("\u001b[1;31mred\u001b[m\r\n\tok\u001b[2J\u001b]0;t\u0007\u009b1A")).toBe(
      "red\n\tok\ufffd[2J\ufffd]0;t\ufffd\ufffd1A",
    );
    expect(filtered("10%\r20%")).toBe("10%\ufffd20%");
  });

  test("is the same however it is cut", () => {
    const piece = fc.constantFrom(
      "\u001b[31m",
      "\r\n",
      "\r",
      "é",
      "🦑",
      "\u001b",
      "[",
      "a\n",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat()), (parts, raw) => {
        const text = parts.join("");
        const cuts = raw.map((cut) => cut % (Buffer.byteLength(text) + 1));
        expect(filtered(text, cuts)).toBe(filtered(text));
      }),
    );
  });
});

test("how a command ended is read from the status that comes last", () => {
  const code = (status: object) => exitCodeOf(Buffer.from(JSON.stringify(status)));
  expect(code({ status: "Success" })).toBe(0);
  const causes = [{ reason: "ExitCode", message: "137" }];
  expect(code({ status: "Failure", reason: "NonZeroExitCode", details: { causes } })).toBe(137);
  expect(() =>
    code({ status: "Failure", message: 'exec: "x": executable file not found' }),
  ).toThrow(expect.objectContaining({ code: "NotFound" }));
  expect(() => exitCodeOf(Buffer.from("not JSON"))).toThrow("not JSON");
});

test("a tree says what controllers made", () => {
  const node = { kind: "Pod", namespace: "n", name: "p", made_by: "controller", state: "Running" };
  const root = { ...node, kind: "StatefulSet", name: "db", made_by: "application", state: null };
  expect(treeLines([{ ...root, children: [{ ...node, children: [] }] }])).toEqual([
    "StatefulSet/db in n",
    "  * Pod/p (Running)",
  ]);
});

test("the query of logs has what was asked for, and nothing else", () => {
  expect(logQuery({ prefix: false, tail: 5, since: "5m" }, "web")).toBe(
    "workload=web&since=5m&tail=5&prefix=false",
  );
  expect(logQuery({ tail: -1 }, "pod/web-1")).toBe("pod=web-1");
  expect(() => logQuery({ pod: "a" }, "b")).toThrow("not both");
});
