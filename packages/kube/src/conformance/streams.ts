import { Readable } from "node:stream";
import { pause } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { WebSocketEnd } from "@octoplane/shared/websocket";
import { describe, expect, it, vi } from "vitest";
import type { KubeObject, UpgradeAnswer } from "../kube.ts";
import { kindNamed, patient, pod, refOf, refusal } from "./objects.ts";
import type { Site } from "./site.ts";

const signal = new AbortController().signal;

interface RunningPod {
  readonly namespace: string;
  readonly name: string;
  /** `/api/v1/namespaces/NAMESPACE/pods/NAME` */
  readonly path: string;
}

/** A Pod whose containers run; those beside `main` are named. */
async function runPod(site: Site, others: readonly string[] = []): Promise<RunningPod> {
  const { kube, kinds } = site;
  const namespace = await site.freshNamespace();
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
  const accounts = kindNamed(kinds, "ServiceAccount");
  await kube.apply(refOf(accounts, namespace, account), account, { force: true });
  const object = pod("one");
  const [main] = (object["spec"] as { containers: readonly object[] }).containers;
  const containers = [main, ...others.map((name) => ({ ...main, name }))];
  const ref = refOf(kindNamed(kinds, "Pod"), namespace, object);
  const whole: KubeObject = { ...object, spec: { ...(object["spec"] as object), containers } };
  await kube.apply(ref, whole, { force: false });
  await vi.waitFor(async () => {
    expect(await kube.get(ref)).toMatchObject({ status: { phase: "Running" } });
  }, patient);
  return { namespace, name: "one", path: `/api/v1/namespaces/${namespace}/pods/one` };
}

function searchOf(query: readonly (readonly [string, string])[]): string {
  return `?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString()}`;
}

async function wholeOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}

async function logOf(site: Site, path: string, search: string): Promise<string> {
  const chunks = await site.kube.stream({ method: "GET", path: `${path}/log`, search }, signal);
  return (await wholeOf(chunks)).toString("utf8");
}

async function upgrade(
  { kube }: Site,
  path: string,
  search: string,
  protocol: string,
): Promise<UpgradeAnswer> {
  const headers = {
    "sec-websocket-key": systemRandom.bytes(16).toString("base64"),
    "sec-websocket-version": "13",
    "sec-websocket-protocol": protocol,
  };
  return await kube.upgrade({ method: "GET", path, search, headers }, signal);
}

async function open(
  site: Site,
  path: string,
  search: string,
  protocol = "v5.channel.k8s.io",
): Promise<WebSocketEnd> {
  const answer = await upgrade(site, path, search, protocol);
  if (answer.type === "refused") throw answer.failure();
  expect(answer.headers["sec-websocket-protocol"]).toBe(protocol);
  return new WebSocketEnd(answer.socket, { clock: site.clock, random: systemRandom });
}

interface Outcome {
  readonly out: string;
  readonly errors: string;
  readonly status: {
    readonly status?: string;
    readonly reason?: string;
    readonly details?: unknown;
  };
}

function execSearch(command: readonly string[], more: readonly (readonly [string, string])[] = []) {
  const words = command.map((word) => ["command", word] as const);
  return searchOf([...words, ["stdout", "true"], ["stderr", "true"], ...more]);
}

async function collect(end: WebSocketEnd): Promise<Outcome> {
  const parts = new Map<number, Buffer[]>();
  for await (const message of end.messages()) {
    const channel = message[0] ?? -1;
    parts.set(channel, [...(parts.get(channel) ?? []), message.subarray(1)]);
  }
  const text = (channel: number): string =>
    Buffer.concat(parts.get(channel) ?? []).toString("utf8");
  return { out: text(1), errors: text(2), status: JSON.parse(text(3) || "{}") };
}

function describeLogs(site: () => Site): void {
  describe("the log of a Pod", () => {
    it("is told by its last lines, with their times, or by so many bytes", async ({ skip }) => {
      const { writeLog } = site();
      if (!writeLog) return skip("nothing writes a log there");
      const { path, ...place } = await runPod(site());
      for (const text of ["first", "second", "third"]) {
        await writeLog({ ...place, container: "main" }, text);
      }
      expect(await logOf(site(), path, "?tailLines=2")).toBe("second\nthird\n");
      expect(await logOf(site(), path, "?tailLines=0")).toBe("");
      expect(await logOf(site(), path, "?tailLines=1&limitBytes=3")).toBe("thi");
      const stamped = await logOf(site(), path, "?tailLines=1&timestamps=true&container=main");
      expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\S* third\n$/);
      const recent = await logOf(site(), path, "?sinceSeconds=60");
      expect(recent).toContain("first\nsecond\nthird\n");
      expect(await logOf(site(), path, "?sinceTime=2999-01-01T00:00:00Z")).toBe("");
    });

    it("that is followed goes on until the reader stops", async ({ skip }) => {
      const { kube, writeLog } = site();
      if (!writeLog) return skip("nothing writes a log there");
      const { path, ...place } = await runPod(site());
      const search = "?follow=true&tailLines=0";
      const request = { method: "GET", path: `${path}/log`, search, mayBeSilent: true };
      const reading = new AbortController();
      // A kubelet says nothing before there is a line.
      let seen: string | undefined;
      const opening = kube.stream(request, reading.signal).then(async (stream) => {
        const chunks = stream[Symbol.asyncIterator]();
        seen = Buffer.from((await chunks.next()).value as Uint8Array).toString("utf8");
        return chunks;
      });
      await vi.waitFor(async () => {
        await writeLog({ ...place, container: "main" }, "later");
        expect(seen).toMatch(/^(?:later\n)+$/);
      }, patient);
      const chunks = await opening;
      reading.abort();
      await expect(chunks.next()).rejects.toThrow();
    });

    it("is refused in words when the container, the Pod or a number is wrong", async () => {
      const { path } = await runPod(site(), ["side"]);
      const wrong = async (search: string) => await refusal(logOf(site(), path, search));
      expect(await wrong("?container=nope")).toMatchObject({
        status: 400,
        message: "container nope is not valid for pod one",
      });
      expect(await wrong("")).toMatchObject({
        status: 400,
        message: "a container name must be specified for pod one, choose one of: [main side]",
      });
      expect(await wrong("?container=main&tailLines=-1")).toMatchObject({
        status: 422,
        reason: "Invalid",
      });
      const both = "?container=main&sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z";
      expect(await wrong(both)).toMatchObject({ status: 422 });
      expect(await refusal(logOf(site(), path.replace(/one$/, "two"), ""))).toMatchObject({
        status: 404,
        reason: "NotFound",
      });
    });
  });
}

function describeExec(site: () => Site): void {
  describe("a command in a container", () => {
    it("tells its output, its errors and its exit code", async () => {
      const { path } = await runPod(site());
      const run = async (...command: string[]) =>
        await collect(await open(site(), `${path}/exec`, execSearch(command)));
      expect(await run("echo", "two words")).toMatchObject({
        out: "two words\n",
        errors: "",
        status: { status: "Success" },
      });
      const failed = await run("sh", "-c", "echo out; echo wrong >&2; exit 3");
      // kwok wraps the reason that a kubelet gives; the code is in the words of both.
      expect(JSON.stringify(failed.status)).toContain("exit status 3");
      expect(failed).toMatchObject({
        out: "out\n",
        errors: "wrong\n",
        status: { status: "Failure" },
      });
      const { status } = await run("no-such-program");
      expect(JSON.stringify(status)).toContain("executable file not found in $PATH");
    });

    it("reads what is sent to it", async () => {
      const { path } = await runPod(site());
      const line = "0123456789abcde\n".repeat(2_048);
      const command = ["head", "-c", String(32 * line.length)];
      const end = await open(site(), `${path}/exec`, execSearch(command, [["stdin", "true"]]));
      const outcome = collect(end);
      for (let count = 0; count < 32; count += 1) await end.send(Buffer.from(`\0${line}`));
      const { out, status } = await outcome;
      expect([out.length, status.status]).toEqual([32 * line.length, "Success"]);
    });

    it("can be spoken to in the older version of the protocol", async () => {
      const { path } = await runPod(site());
      const search = execSearch(["echo", "old"]);
      const outcome = await collect(
        await open(site(), `${path}/exec`, search, "v4.channel.k8s.io"),
      );
      expect(outcome).toMatchObject({ out: "old\n", status: { status: "Success" } });
    });

    it("is refused with an ordinary answer", async () => {
      const { path } = await runPod(site());
      const refused = async (where: string, search: string) => {
        const answer = await upgrade(site(), `${where}/exec`, search, "v5.channel.k8s.io");
        if (answer.type === "upgraded") throw new Error("it was not refused");
        return answer.failure();
      };
      const search = execSearch(["true"]);
      expect(await refused(path, `${search}&container=nope`)).toMatchObject({
        status: 400,
        message: "container nope is not valid for pod one",
      });
      expect(await refused(path.replace(/one$/, "two"), search)).toMatchObject({ status: 404 });
    });
  });

  it("attaching to a container shows what it writes from then on", async ({ skip }) => {
    const { writeLog, clock } = site();
    if (!writeLog) return skip("nothing writes a log there");
    const { path, ...place } = await runPod(site());
    const end = await open(site(), `${path}/attach`, "?stdout=true&stderr=true");
    let seen = "";
    void (async () => {
      for await (const message of end.messages()) {
        if (message[0] === 1) seen += message.subarray(1).toString("utf8");
      }
    })();
    await vi.waitFor(async () => {
      await writeLog({ ...place, container: "main" }, "now");
      await pause(clock, 50);
      expect(seen).toContain("now\n");
    }, patient);
    end.close();
  });
}

function describePorts(site: () => Site): void {
  it("a port of a Pod is reached through two channels", async () => {
    const { path } = await runPod(site());
    const end = await open(site(), `${path}/portforward`, "?ports=8080", "v4.channel.k8s.io");
    const messages = end.messages();
    const port = Buffer.of(0x90, 0x1f);
    for (const channel of [0, 1]) {
      expect((await messages.next()).value).toEqual(Buffer.concat([Buffer.of(channel), port]));
    }
    const request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nping";
    await end.send(Buffer.concat([Buffer.of(0), Buffer.from(request)]));
    let answer = "";
    while (!answer.includes("ping")) {
      const { value, done } = await messages.next();
      if (done === true) throw new Error(`it ended after ${answer}`);
      expect(value[0]).toBe(0);
      answer += value.subarray(1).toString("utf8");
    }
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    end.close();
  });
}

function describeProxy(site: () => Site): void {
  describe("a request that is passed on", () => {
    it("goes with our credentials, and comes back as it is", async () => {
      const namespace = await site().freshNamespace();
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const ask = async (method: string, where: string, body?: string) => {
        const headers = {
          authorization: "Bearer of-somebody-else",
          "impersonate-user": "nobody",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        };
        const sent =
          body === undefined ? {} : { body: Readable.from([body.slice(0, 9), body.slice(9)]) };
        const request = { method, path: where, search: "", headers, ...sent };
        const answer = await site().kube.proxy(request, signal);
        const bytes = await wholeOf(answer.body);
        return { status: answer.status, body: JSON.parse(bytes.toString("utf8")) as object };
      };
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "passed" } };
      expect(await ask("POST", path, JSON.stringify(object))).toMatchObject({ status: 201 });
      expect(await ask("GET", `${path}/passed`)).toMatchObject({
        status: 200,
        body: { metadata: { name: "passed" } },
      });
      expect(await ask("GET", `${path}/missing`)).toMatchObject({
        status: 404,
        body: { kind: "Status" },
      });
    });

    it("cannot leave the cluster by dots", async () => {
      for (const path of ["/../x", "/api/%2e%2e/x", "/api/..%2fx", "/api/%252e%252e/x", "x"]) {
        const request = { method: "GET", path, search: "" };
        expect(await refusal(site().kube.proxy(request, signal))).toMatchObject({ status: 400 });
      }
    });
  });
}

export function describeStreams(site: () => Site): void {
  describeLogs(site);
  describeExec(site);
  describePorts(site);
  describeProxy(site);
}
