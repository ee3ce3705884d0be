import { once } from "node:events";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { connect, type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import type { TerminalSize } from "@octoplane/rok/streams/standard-streams";
import { waitFor } from "../wait-for.ts";
import { deployment, job, manifestText } from "./manifests.ts";
import { openRokField, type RokField, type RokOptions } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** The command line of what flows between a user and the Pods of an application. */

const web = deployment("web", {
  replicas: 2,
  containers: [
    {
      name: "main",
      image: "example.org/web:1",
      env: [{ name: "GREETING", value: "hello" }],
      ports: [{ name: "http", containerPort: 8080 }],
    },
    { name: "side", image: "example.org/side:1" },
  ],
});
const front = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "front" },
  spec: { selector: { app: "web" }, ports: [{ name: "web", port: 80, targetPort: "http" }] },
};
const files = {
  "shop.yaml": manifestText([web, front]),
  "job.yaml": manifestText([job("solve", { suspend: true })]),
};

let field: RokField;
let pods: readonly string[];

beforeAll(async () => {
  field = await openRokField(["edge"], { files });
  await field.good("kube cluster register -k edge.yaml --wait");
  await field.good("kube app create shop -f shop.yaml --wait");
  pods = await waitFor("two Pods that are ready", async () => {
    const { out } = await field.good("kube app pods shop -o json");
    const found = JSON.parse(out) as { name: string; ready: string }[];
    const ready = found.filter((pod) => pod.ready === "2/2").map(({ name }) => name);
    return ready.length === 2 && ready.toSorted();
  });
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

/** A command that goes on by itself: what it has said so far, and a way to end it. */
function begin(line: string | readonly string[], options: RokOptions = {}) {
  const leaving = new AbortController();
  const seen = { out: "", err: "" };
  const ended: Promise<RokRun> = field.rok(line, {
    ...options,
    interrupt: leaving.signal,
    onOut: (all) => (seen.out = all),
    onErr: (all) => (seen.err = all),
  });
  return { seen, ended, leave: () => leaving.abort() };
}

const exec = (...words: readonly string[]) => ["kube", "app", "exec", "shop", ...words];

const log = (pod: string, text: string) =>
  field.sim.cluster("edge").writeLog({ namespace: "default", pod, container: "main" }, text);

describe("the Pods of an application", () => {
  test("are a table, and hang in a tree below what made them", async () => {
    const { out } = await field.good("kube app pods shop");
    const [titles, ...rows] = out.trimEnd().split("\n");
    expect(titles?.split(/\s+/)).toEqual(
      "pod workload cluster node phase ready restarts reason age".split(" "),
    );
    expect(new Set(rows.map((row) => row.split(/\s+/)[0]))).toEqual(new Set(pods));
    expect(rows[0]).toMatch(/Deployment\/web\s+edge\s+\S+\s+Running\s+2\/2\s+0\s+\d+s$/);
    const tree = (await field.good("kube app tree shop")).out.split("\n");
    expect(tree).toContain("Deployment/web in default (2/2 ready)");
    expect(tree).toContainEqual(expect.stringMatching(/^ {2}\* ReplicaSet\/web-/));
    expect(tree).toContain(`    * Pod/${pods[0]} (Running)`);
    expect((await field.good("kube app pods shop -o name")).out).toContain(`pod/${pods[0]}\n`);
    const missing = await field.rok("kube app pods nothing");
    expect(missing.status).toBe(exitStatus.notFound);
  });
});

describe("logs", () => {
  test("come merged, of a workload, of a Pod, and as many lines as are wanted", async () => {
    for (const pod of pods) log(pod, `I am ${pod}`);
    const all = await field.good("kube app logs shop --tail 1");
    expect(all.out.trimEnd().split("\n").toSorted()).toEqual(
      pods.map((pod) => `${pod}/main I am ${pod}`),
    );
    const one = await field.good(`kube app logs shop pod/${pods[1]} --tail 1`);
    expect(one.out).toBe(`I am ${pods[1]}\n`);
    const workload = await field.good("kube app logs shop deploy/web --tail 1 --no-prefix");
    expect(workload.out).toContain(`I am ${pods[0]}\n`);
    const wrong = await field.rok("kube app logs shop nope");
    expect(wrong.status).toBe(exitStatus.notFound);
    expect(wrong.err).toContain("no workload nope");
    expect((await field.rok("kube app logs shop --since soon")).err).toContain("since");
  });

  test("are bytes to a pipe, and harmless to a terminal", async () => {
    const [pod = ""] = pods;
    const wild = "\u001b[31mred\u001b[0m\ttab \u001b]0;title\u0007";
    log(pod, wild);
    const line = `kube app logs shop --pod ${pod} --tail 1`;
    expect((await field.good(line)).out).toBe(`${wild}\n`);
    expect((await field.good(line, { columns: 80 })).out).toBe("red\ttab \ufffd]0;title\ufffd\n");
  });

  test("that are followed end with their reader, with no word about it", async () => {
    const [pod = ""] = pods;
    const stop = new AbortController();
    const follow = begin(`kube app logs shop -f --pod ${pod} --tail 0`, { stop: stop.signal });
    await waitFor("a line", () => {
      log(pod, "on it goes");
      return follow.seen.out.includes("on it goes");
    });
    stop.abort();
    expect(await follow.ended).toMatchObject({ status: 0, err: "" });
  });
});

describe("exec", () => {
  test("keeps outputs apart and ends as the command did", async () => {
    const script = "echo $GREETING; echo trouble >&2; exit 7";
    const run = await field.rok(exec("--pod", pods[0]!, "-c", "main", "--", "sh", "-c", script));
    expect(run).toEqual({ status: 7, out: "hello\n", err: "trouble\n" });
    const anywhere = await field.good(exec("--", "hostname"));
    expect(pods).toContain(anywhere.out.trim());
    expect(anywhere.err).toMatch(/^rok: in Pod web-\S+, container main \(--pod and -c/);
  });

  test("takes its input as it comes, to its end", async () => {
    const stdin = new PassThrough();
    const run = begin(exec("-i", "--pod", pods[0]!, "-c", "side", "--", "cat"), { stdin });
    stdin.write("first\n");
    await waitFor("an answer", () => run.seen.out === "first\n");
    stdin.end("second\n");
    expect(await run.ended).toMatchObject({ status: 0, out: "first\nsecond\n" });
  });

  test("takes no more of 200 MB than is read, and keeps memory flat", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const pieces = 3_200;
    let [taken, bytes, peak] = [0, 0, 0];
    const stdin = Readable.from(
      (function* () {
        for (taken = 0; taken < pieces; taken += 1) yield piece;
      })(),
    );
    let isReading = false;
    let readOn = (): void => undefined;
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        peak = Math.max(peak, process.memoryUsage.rss());
        if (isReading) setImmediate(done);
        else readOn = done;
      },
    });
    const before = process.memoryUsage.rss();
    const line = exec("-i", "--pod", pods[0]!, "-c", "main", "--", "cat");
    const run = field.rok(line, { stdin, stdout });
    // While nobody reads, the input comes to rest: what is under way fills the buffers of four sockets and no more.
    let rests = 0;
    let last = -1;
    await waitFor("the input to rest", () => {
      rests = taken > 0 && taken === last ? rests + 1 : 0;
      last = taken;
      return rests > 20;
    });
    expect(taken * piece.length).toBeLessThan(64 * 1024 * 1024);
    isReading = true;
    readOn();
    expect(await run).toMatchObject({ status: 0, err: "" });
    expect(bytes).toBe(pieces * piece.length);
    // Client, server and cluster are all in this process, each of which would hold it all.
    expect(peak - before).toBeLessThan(256 * 1024 * 1024);
  });

  test("with a terminal is raw while it lasts, and tells its size", async () => {
    const raw: boolean[] = [];
    const size: TerminalSize = { columns: 91, rows: 17 };
    const terminal = {
      setRaw: (isRaw: boolean) => void raw.push(isRaw),
      size: () => size,
      onResize: () => () => undefined,
    };
    const line = exec("-it", "--pod", pods[0]!, "-c", "main", "--", "sh", "-c", "echo x >&2");
    expect(await field.rok(line, { terminal })).toEqual({ status: 0, out: "x\n", err: "" });
    expect(raw).toEqual([true, false]);
    const without = await field.rok(line);
    expect(without).toMatchObject({ status: 0, err: expect.stringContaining("no terminal") });
  });

  test("says what is wrong: no such Pod, container, program", async () => {
    const foreign = await field.rok(exec("--pod", "nope", "--", "true"));
    expect([foreign.status, foreign.err]).toEqual([
      exitStatus.notFound,
      expect.stringContaining(`there are ${pods.join(", ")}`),
    ]);
    const container = await field.rok(exec("--pod", pods[0]!, "-c", "nope", "--", "true"));
    expect([container.status, container.err]).toEqual([
      exitStatus.refused,
      expect.stringContaining("nope"),
    ]);
    const program = await field.rok(exec("--pod", pods[0]!, "-c", "main", "--", "emacs"));
    expect([program.status, program.err]).toEqual([
      exitStatus.notFound,
      expect.stringContaining('"emacs": executable file not found'),
    ]);
    expect((await field.rok(exec())).status).toBe(exitStatus.usage);
  });

  test("attach shows what comes, until it is left", async () => {
    const [pod = ""] = pods;
    const stop = new AbortController();
    const run = begin(`kube app attach shop --pod ${pod} -c main`, { stop: stop.signal });
    await waitFor("a line", () => {
      log(pod, "attached");
      return run.seen.out.includes("attached\n");
    });
    stop.abort();
    expect((await run.ended).status).toBe(0);
  });
});

describe("cp", () => {
  test("takes a folder there and back, with modes and times", async () => {
    const source = await mkdtemp(join(field.folder, "source-"));
    await mkdir(join(source, "sub"));
    const long = `${"long".repeat(30)}.txt`;
    await writeFile(join(source, "run.sh"), "#!/bin/sh\n", { mode: 0o750 });
    await writeFile(join(source, "sub", long), Buffer.alloc(300_000, "y"));
    await utimes(join(source, "run.sh"), 1_600_000_000, 1_600_000_000);
    const [pod = ""] = pods;
    await field.good(["kube", "app", "cp", source, `shop:${pod}/tmp/here`]);
    const inside = await field.good(exec("--pod", pod, "-c", "main", "--", "ls", "/tmp/here"));
    expect(inside.out).toBe("run.sh\nsub\n");
    const target = join(field.folder, "back");
    await field.good(["kube", "app", "cp", "shop:/tmp/here", target, "--pod", pod]);
    expect((await readdir(target)).toSorted()).toEqual(["run.sh", "sub"]);
    const { mode, mtimeMs } = await stat(join(target, "run.sh"));
    expect([mode & 0o777, mtimeMs]).toEqual([0o750, 1_600_000_000_000]);
    expect(await readFile(join(target, "sub", long))).toEqual(Buffer.alloc(300_000, "y"));
    await field.good(["kube", "app", "cp", "shop:/etc/hostname", target, "--pod", pod]);
    expect(await readFile(join(target, "hostname"), "utf8")).toBe(`${pod}\n`);
  });

  test("leaves nothing behind when there is nothing to copy, and says what the tar said", async () => {
    const target = join(field.folder, "nothing");
    const line = ["kube", "app", "cp", "shop:/tmp/missing", target, "--pod", pods[0]!];
    const failed = await field.rok(line);
    expect([failed.status, failed.err]).toEqual([
      exitStatus.refused,
      expect.stringContaining("./missing: No such file or directory"),
    ]);
    await expect(stat(target)).rejects.toThrow("ENOENT");
    const into = ["kube", "app", "cp", "shop.yaml", "shop:/nowhere/x", "--pod", pods[0]!];
    expect((await field.rok(into)).err).toContain("/nowhere: Cannot open");
    const here = await field.rok(["kube", "app", "cp", "not-there", "shop:/tmp/x"]);
    expect([here.status, here.err]).toEqual([
      exitStatus.refused,
      expect.stringContaining("not-there cannot be read: there is no such file"),
    ]);
    expect((await field.rok("kube app cp a b")).status).toBe(exitStatus.usage);
  });

  test("tells what it leaves out", async () => {
    const source = await mkdtemp(join(field.folder, "odd-"));
    await writeFile(join(source, "plain"), "x");
    await symlink("plain", join(source, "link"));
    const socket = createServer().listen(join(source, "socket"));
    await once(socket, "listening");
    const run = await field.rok(["kube", "app", "cp", source, "shop:/tmp/odd", "--pod", pods[0]!]);
    socket.close();
    expect(run).toMatchObject({ status: exitStatus.failed });
    expect(run.err).toContain("socket is left out: it is a device, a pipe or a socket");
  });
});

/** One exchange over TCP: what came until the other side was silent or left. */
async function askPort(place: string, text: string, until: RegExp): Promise<string> {
  const [host, port] = place.split(":");
  const socket = connect(Number(port), host);
  let seen = "";
  socket.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(text);
  const closed = once(socket, "close");
  await waitFor("an answer", () => until.test(seen) || socket.destroyed, { seen: () => seen });
  socket.destroy();
  await closed;
  return seen;
}

const listening = /^(\S+) -> (\S+)$/gm;
const places = (out: string) => [...out.matchAll(listening)].map(([, place = ""]) => place);

describe("port-forward", () => {
  test("serves many connections on many ports, and says which Pod", async () => {
    const run = begin(`kube app port-forward shop ${pods[0]} :8080 :http`);
    await waitFor("both ports", () => places(run.seen.out).length === 2);
    expect(run.seen.out).toContain(`-> ${pods[0]}:8080\n`);
    const asked = places(run.seen.out).flatMap((place) => [
      askPort(place, "GET / HTTP/1.1\r\n\r\n", /port 8080\n/),
      askPort(place, "echo this", /echo this/),
    ]);
    expect((await Promise.all(asked))[0]).toContain(`pod ${pods[0]} port 8080`);
    run.leave();
    expect(await run.ended).toMatchObject({ status: 0, err: "" });
  });

  test("finds the Pods of a Service by its port, and another Pod when that one goes", async () => {
    const run = begin("kube app port-forward shop svc/front :80");
    const [place = ""] = await waitFor("the port", () => {
      const found = places(run.seen.out);
      return found.length === 1 && found;
    });
    const first = /-> (\S+):8080/.exec(run.seen.out)?.[1] ?? "";
    expect(pods).toContain(first);
    await field.good(`kube app restart shop --pod ${first}`);
    const answer = await waitFor("another Pod", async () => {
      const text = await askPort(place, "GET / HTTP/1.1\r\n\r\n", /port 8080\n/);
      const [, pod] = /pod (\S+) port/.exec(text) ?? [];
      return pod !== undefined && pod !== first && pod;
    });
    expect(run.seen.err).toContain(`now to Pod ${answer}`);
    expect(run.seen.err).toContain(`Pod ${first} is gone`);
    run.leave();
    await run.ended;
  });

  test("says what goes wrong: a closed port, a port that is taken, one that there is not", async () => {
    const run = begin("kube app port-forward shop web :81");
    const [place = ""] = await waitFor("the port", () => {
      const found = places(run.seen.out);
      return found.length === 1 && found;
    });
    await askPort(place, "hello", /never/);
    await waitFor("the reason", () => run.seen.err.includes("connection refused"));
    run.leave();
    await run.ended;
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const taken = await field.rok(`kube app port-forward shop ${port}:8080`);
    expect([taken.status, taken.err]).toEqual([
      exitStatus.refused,
      `rok: cannot listen on 127.0.0.1:${port}: the port is in use\n`,
    ]);
    other.close();
    expect((await field.rok("kube app port-forward shop svc/front 81")).err).toContain(
      "Service front has no port 81; there are 80 (web)",
    );
    expect((await field.rok("kube app port-forward shop svc/none 80")).status).toBe(3);
  });
});

describe("proxy", () => {
  test("serves the cluster's own API, and writes a kubeconfig", async () => {
    const run = begin("kube proxy edge --port 0 --kubeconfig kube.yaml");
    const address = await waitFor("the address", () => {
      return /--kubeconfig/.test(run.seen.out) && /--server=(\S+)/.exec(run.seen.out)?.[1];
    });
    const path = `${address}/api/v1/namespaces/default`;
    const list = (await (await fetch(`${path}/pods`)).json()) as { items: unknown[] };
    expect(list.items.length).toBeGreaterThanOrEqual(2);
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "by-proxy" } };
    const made = await fetch(`${path}/configmaps`, {
      method: "POST",
      body: JSON.stringify(object),
      headers: { "content-type": "application/json" },
    });
    expect(made.status).toBe(201);
    expect((await fetch(`${path}/configmaps/none`)).status).toBe(404);
    const config = await readFile(join(field.folder, "kube.yaml"), "utf8");
    expect(config).toContain(`server: ${address}`);
    const page = await fetch(`${path}/pods`, { headers: { origin: "https://evil.example" } });
    expect(page.status).toBe(403);
    run.leave();
    expect((await run.ended).status).toBe(0);
    await expect(fetch(`${path}/pods`)).rejects.toThrow("fetch failed");
  });

  test("passes WebSockets, and no request under a name of somebody's own", async () => {
    const run = begin("kube proxy edge --port 0");
    const place = await waitFor(
      "the address",
      () => /--server=http:\/\/(\S+)/.exec(run.seen.out)?.[1],
    );
    const rebound = await askPort(
      place,
      "GET /version HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
      /Forbidden/,
    );
    expect(rebound).toMatch(/^HTTP\/1.1 403 /);
    const pod = (await field.good("kube app pods shop -o name")).out.split("\n")[0]?.slice(4);
    const upgrade = [
      `GET /api/v1/namespaces/default/pods/${pod}/exec?command=hostname&stdout=true&container=main HTTP/1.1`,
      `Host: ${place}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: v5.channel.k8s.io",
    ];
    const spoken = await askPort(place, `${upgrade.join("\r\n")}\r\n\r\n`, /Success/);
    expect(spoken).toMatch(/^HTTP\/1.1 101 /);
    expect(spoken).toContain(`${pod}\n`);
    const refused = await askPort(
      place,
      `${upgrade.join("\r\n").replace(`${pod}`, "nobody")}\r\n\r\n`,
      /nobody/,
    );
    expect(refused).toMatch(/^HTTP\/1.1 404 /);
    run.leave();
    await run.ended;
    expect((await field.rok("kube proxy nothing --port 0")).status).toBe(exitStatus.notFound);
  });
});

describe("what happened and how it stands", () => {
  const heard = (pod: string, uid: string, message: string) => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { generateName: "heard-", namespace: "default" },
    involvedObject: { kind: "Pod", namespace: "default", name: pod, uid },
    type: "Warning",
    reason: "BackOff",
    message,
    count: 3,
    lastTimestamp: new Date().toISOString(),
  });

  const tell = async (pod: string, uid: string, message: string): Promise<void> => {
    const path = "clusters/edge/proxy/api/v1/namespaces/default/events";
    const token = (await readFile(join(field.folder, "data", "admin.token"), "utf8")).trim();
    const url = `${field.server.address}/kubernetes/namespaces/system:admin/${path}`;
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const body = JSON.stringify(heard(pod, uid, message));
    expect((await fetch(url, { method: "POST", body, headers })).status).toBe(201);
  };

  const somePod = () =>
    field.sim
      .cluster("edge")
      .objects()
      .find(({ kind, metadata }) => kind === "Pod" && metadata.name.startsWith("web-"))!.metadata;

  test("events are Octoplane's and the cluster's, in the order of their times", async () => {
    const { name, uid } = somePod();
    await tell(name, uid, "back-off restarting \u001b[2J container");
    await tell("stranger", "another-uid", "not ours");
    const { out } = await field.good("kube app events shop");
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^age +type +source +reason +message$/);
    expect(lines.at(-1)).toMatch(
      new RegExp(`Warning +Pod/${name} +BackOff +back-off restarting \ufffd.* \\(3 times\\)$`),
    );
    expect(out).not.toContain("not ours");
    expect(out).toMatch(/Placed|Scheduled|Applied|Healthy/);
    const stop = new AbortController();
    const watching = begin("kube app events shop --watch", { stop: stop.signal });
    await waitFor("the events so far", () => watching.seen.out.includes("BackOff"));
    await tell(name, uid, "a new one");
    await waitFor("the new one", () => watching.seen.out.includes("a new one"));
    stop.abort();
    expect((await watching.ended).status).toBe(0);
    expect(watching.seen.out.match(/back-off restarting/g)).toHaveLength(1);
  });

  test("describe shows all of it on one page", async () => {
    const { out } = await field.good("kube app describe shop");
    expect(out).toMatch(/^kind +kubernetes\/Application/);
    expect(out).toContain("\nconditions\n");
    expect(out).toContain("\non edge\n");
    expect(out).toContain("  Deployment/web in default (2/2 ready)");
    expect(out).toMatch(/\nevents there\n.*age[^]*BackOff/);
  });

  test("a Pod that is restarted alone is made anew, and that is on record", async () => {
    const before = somePod();
    const { out } = await field.good(`kube app restart shop --pod ${before.name}`);
    expect(out).toContain(before.name);
    await waitFor("another Pod", () => {
      const objects = field.sim.cluster("edge").objects();
      return !objects.some(({ metadata }) => metadata.uid === before.uid);
    });
    const foreign = await field.rok("kube app restart shop --pod nobody");
    expect([foreign.status, foreign.err]).toEqual([
      exitStatus.notFound,
      "rok: application shop has no Pod nobody\n",
    ]);
    const record = await waitFor("the record", async () => {
      const all = JSON.parse((await field.good("get auditrecords -o json")).out) as {
        spec: { verb: string; resource: string; detail?: string };
      }[];
      return all.find(({ spec }) => spec.detail === `pod ${before.name}` && spec.verb === "delete");
    });
    expect(record.spec).toMatchObject({ resource: "applications/pods", status: 200 });
    expect((await field.rok("kube app restart shop web --pod x")).status).toBe(exitStatus.usage);
  });
});

describe("runs", () => {
  test("show what they write while they run, and later on", async () => {
    await field.good("kube app create lab -f job.yaml --wait");
    const run = await field.good("kube app run lab solve --name first --logs --timeout 60s");
    expect(run.out).toMatch(/starting[^]*state +COMPLETED/);
    expect(run.err).toContain("first: COMPLETED");
    const later = await field.good("kube run logs first");
    expect(later.out).toContain("starting");
    expect((await field.good("kube run logs first -f")).out).toBe(later.out);
    const jobs = (await field.good("kube app jobs lab")).out.split("\n");
    expect(jobs).toContainEqual(expect.stringMatching(/^Job\/solve +default +suspended$/));
    expect(jobs).toContainEqual(expect.stringMatching(/^first .*COMPLETED/));
    const tail = await field.good("kube run logs first --tail 1");
    expect(tail.out.trimEnd().split("\n")).toHaveLength(1);
    expect((await field.rok("kube run logs none")).status).toBe(exitStatus.notFound);
  });
});
