import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { hasEtcd, startEtcd } from "../conformance/etcd-server.ts";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { applications, clusters, peek } from "./field.ts";
import { echo } from "./manifests.ts";
import { runRok, serverVariables, type RokRun } from "./rok-run.ts";

let folder: string;
let sim: Sim;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-backup-"));
  sim = await startSim({ clock: systemClock, random: systemRandom });
});

afterAll(async () => {
  await sim?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function rok(line: string, octoplane: Constellation): Promise<RokRun> {
  const { address, adminToken: token } = octoplane;
  return await runRok(line, { folder, variables: serverVariables({ address, token }) });
}

async function untilRuns({ rest }: Constellation, name: string, on: string): Promise<Json> {
  let last: Json;
  return await waitFor(
    `${name} runs on ${on}`,
    async () => {
      last = (await rest.call("GET", `${applications}/${name}`)).body;
      const { status } = last;
      return status?.state === "RUNNING" && status.running_on?.name === on && last;
    },
    { seen: () => last?.status },
  );
}

async function untilGone({ rest }: Constellation, path: string): Promise<void> {
  await waitFor(`${path} is gone`, async () => (await rest.call("GET", path)).status === 404);
}

/** Two clusters, each with one application that must be there. */
async function fill({ rest }: Constellation, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const cluster = sim.addCluster({ name, readyDelayMs: 10 });
    const body = { metadata: { name, labels: { name } }, spec: { kubeconfig: cluster.kubeconfig } };
    await rest.ok("POST", clusters, body);
    const constraints = { cluster: { labels: [`name is ${name}`] } };
    const spec = { manifest: echo(`echo-${name}`), constraints };
    await rest.ok("POST", applications, { metadata: { name: `echo-${name}` }, spec });
  }
}

/** The uids of what was made for applications; whatever is made anew has another one. */
function uidsOn(names: readonly string[]): Readonly<Record<string, string>> {
  const uids = names.flatMap((name) =>
    ["Deployment", "Service"].map((kind) => {
      const object = peek(sim.cluster(name), kind, `echo-${name}`);
      return [`${kind} on ${name}`, String(object?.metadata.uid)] as const;
    }),
  );
  return Object.fromEntries(uids);
}

const keys = ["sealing.key", "token.key"] as const;

/** A fresh Octoplane, with the keys of the one that a backup comes from. */
async function openWithKeys(storeUrl?: string): Promise<Constellation> {
  const fresh = await openConstellation(storeUrl === undefined ? {} : { storeUrl });
  await fresh.restart(async () => {
    for (const key of keys) await copyFile(join(folder, key), join(fresh.dataDir, key));
  });
  return fresh;
}

/** Moves everything to an Octoplane over another store, and proves that nothing on the clusters noticed. */
async function move(
  from: Constellation,
  to: () => Promise<Constellation>,
  names: readonly string[],
): Promise<Constellation> {
  for (const name of names) await untilRuns(from, `echo-${name}`, name);
  const before = uidsOn(names);
  for (const key of keys) await copyFile(join(from.dataDir, key), join(folder, key));
  const taken = await rok("backup all.backup", from);
  expect(taken).toMatchObject({ status: exitStatus.ok, out: "" });
  expect(taken.err).toMatch(/^\d+ records at revision \d+; sealed with [0-9a-f]{8}: keep that key/);
  await from[Symbol.asyncDispose]();
  const fresh = await to();
  const restored = await rok("restore all.backup", fresh);
  expect([restored.status, restored.err]).toEqual([
    exitStatus.ok,
    expect.stringMatching(/^a backup of .*, revision \d+\n$/),
  ]);
  for (const name of names) {
    const app = await untilRuns(fresh, `echo-${name}`, name);
    expect(app.status.copies).toHaveLength(1);
  }
  // A change goes through, which shows that the controllers have taken the objects up.
  for (const name of names) {
    await fresh.rest.change(`${applications}/echo-${name}`, ({ spec }) => {
      spec.manifest[0].spec.replicas = spec.manifest[0].spec.replicas === 2 ? 3 : 2;
    });
    const { generation } = (await fresh.rest.ok("GET", `${applications}/echo-${name}`)).metadata;
    await waitFor(`echo-${name} is of generation ${generation}`, async () => {
      const { status } = await fresh.rest.ok("GET", `${applications}/echo-${name}`);
      return status.observed_generation === generation && status.state === "RUNNING";
    });
  }
  expect(uidsOn(names)).toEqual(before);
  return fresh;
}

describe("a backup", () => {
  it("is a file of its owner's, that is whole and appears at once", async () => {
    await using octoplane = await openConstellation();
    expect((await rok("backup whole.backup", octoplane)).status).toBe(exitStatus.ok);
    const { mode } = await stat(join(folder, "whole.backup"));
    expect(mode & 0o777).toBe(0o600);
    const text = await readFile(join(folder, "whole.backup"), "utf8");
    const printed = await rok("backup -", octoplane);
    const withoutTime = (lines: string): string[] => lines.split("\n").slice(1, -2);
    expect(withoutTime(printed.out)).toEqual(withoutTime(text));
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("that breaks off leaves no file, and the one from before as it was", async () => {
    await writeFile(join(folder, "kept.backup"), "from before");
    const header =
      '{"format":"octoplane-backup","version":1,"schema_version":2,"revision":"1","created":"x","sealing_keys":[],"kinds":[]}\n';
    const endings: readonly (readonly [string, boolean, string])[] = [
      ["", false, "rok: the backup is broken: it ends behind line 1, without its trailer"],
      ["", true, "rok: "],
      [
        '{"error":{"code":"Compacted","message":"too slow"}}\n',
        false,
        "rok: the server could not end the backup: too slow",
      ],
      [
        '{"trailer":{"records":0,"unreadable":0,"sha256":"00"}}\n',
        false,
        "rok: the backup is broken: its SHA-256",
      ],
      [
        '{"trailer":{"records":1,"unreadable":0,"sha256":"00"}}\n',
        false,
        "rok: the backup is broken: it has 0 records",
      ],
    ];
    for (const [ending, isCut, said] of endings) {
      const server = createServer((_request, response) => {
        response.writeHead(200, { "content-type": "application/x-ndjson" });
        response.write(header + ending, () => (isCut ? response.destroy() : response.end()));
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const done = await runRok(["backup", "kept.backup"], {
        folder,
        variables: serverVariables({ address, token: "t" }),
      });
      expect(done.status).not.toBe(exitStatus.ok);
      expect(done.err).toContain(said);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
    expect(await readFile(join(folder, "kept.backup"), "utf8")).toBe("from before");
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("is refused with file, line and reason when it was changed, or does not belong there", async () => {
    await using octoplane = await openConstellation();
    await octoplane.rest.ok("POST", clusters, {
      metadata: { name: "c" },
      spec: { kubeconfig: sim.addCluster({ name: "elsewhere" }).kubeconfig },
    });
    await rok("backup good.backup", octoplane);
    const good = await readFile(join(folder, "good.backup"), "utf8");
    const lines = good.trimEnd().split("\n");
    const cases: readonly (readonly [string, string])[] = [
      ["hello\n", "rok: x.backup: line 1: expected JSON"],
      [`${lines.slice(0, -1).join("\n")}\n`, "without its trailer"],
      [good.replace("role:system", "role:others"), "its SHA-256 is not that of its trailer"],
      [`${lines.toSpliced(1, 1).join("\n")}\n`, "records, and its trailer counts"],
      [good.replace('"version":1', '"version":7'), "expected version 1 of the format, found 7"],
      [`${good}${lines[1]}\n`, "expected nothing behind the trailer"],
    ];
    for (const [text, said] of cases) {
      await writeFile(join(folder, "x.backup"), text);
      const done = await rok("restore x.backup", octoplane);
      expect([done.status, done.out]).toEqual([exitStatus.refused, ""]);
      expect(done.err).toContain(said);
    }
    // Another server: its sealing key is another.
    await using other = await openConstellation();
    const before = await rok("backup -", other);
    const refused = await rok("restore good.backup", other);
    expect(refused.status).toBe(exitStatus.refused);
    const at = lines.findIndex((line) => line.includes("/clusters/")) + 1;
    expect(refused.err).toMatch(
      new RegExp(
        `^rok: good\\.backup:${at} \\(/registry/kubernetes/clusters/system:admin/c/object\\) .*: sealed with the key [0-9a-f]{8}, which this server does not have`,
      ),
    );
    const withoutEnds = (text: string): string[] => text.split("\n").slice(1, -2);
    expect(withoutEnds((await rok("backup -", other)).out)).toEqual(withoutEnds(before.out));
    expect((await rok("restore missing.backup", other)).status).toBe(exitStatus.refused);
  });

  it("needs a right of its own, to take and to restore", async () => {
    await using octoplane = await openConstellation();
    await rok("backup mine.backup", octoplane);
    const { token } = await octoplane.rest.ok("POST", "/core/tokens", { user: "guest" });
    const { address } = octoplane;
    for (const line of ["backup theirs.backup", "restore mine.backup"]) {
      const done = await runRok(line, { folder, variables: serverVariables({ address, token }) });
      expect(done.status).toBe(exitStatus.notAllowed);
    }
    // The right to restore alone does not make an administrator of anyone.
    const rules = [{ api: "core", resources: ["backups"], namespaces: [""], verbs: ["create"] }];
    await octoplane.rest.ok("POST", "/core/roles", { metadata: { name: "restorer" }, rules });
    const binding = { metadata: { name: "restorer" }, users: ["guest"], roles: ["restorer"] };
    await octoplane.rest.ok("POST", "/core/rolebindings", binding);
    await waitFor("the role holds", async () => {
      const done = await runRok(["restore", "mine.backup"], {
        folder,
        variables: serverVariables({ address, token }),
      });
      return done.err.includes("roles/escalate") && done.status === exitStatus.notAllowed;
    });
  });
});

describe.runIf(hasEtcd())("everything moves", () => {
  it("from LMDB to etcd and back, while applications run on as if nothing were", async () => {
    const names = ["north", "south"];
    await using etcd = await startEtcd({ fsync: false });
    const embedded = await openConstellation();
    await fill(embedded, names);
    const distributed = await move(embedded, () => openWithKeys(etcd.url), names);
    const last = await move(distributed, () => openWithKeys(), names);
    await using _end = last;
    await last.rest.ok("DELETE", `${applications}/echo-north`);
    await untilGone(last, `${applications}/echo-north`);
    expect(peek(sim.cluster("north"), "Deployment", "echo-north")).toBeUndefined();
    expect(peek(sim.cluster("north"), "Service", "echo-north")).toBeUndefined();
    expect(peek(sim.cluster("south"), "Deployment", "echo-south")).toBeDefined();
  });

  it("with its deletions, which come to their end at the new place in their order", async () => {
    const embedded = await openConstellation();
    await fill(embedded, ["east"]);
    await untilRuns(embedded, "echo-east", "east");
    for (const key of keys) await copyFile(join(embedded.dataDir, key), join(folder, key));
    // While its cluster is away nothing of it can be removed: the marks are in the backup.
    sim.cluster("east").faults.offline = true;
    await embedded.rest.ok("DELETE", `${clusters}/east`);
    await waitFor("the application is marked", async () => {
      const { metadata } = await embedded.rest.ok("GET", `${applications}/echo-east`);
      return metadata.deleted !== null;
    });
    await rok("backup marked.backup", embedded);
    await embedded[Symbol.asyncDispose]();
    await using fresh = await openWithKeys();
    sim.cluster("east").faults.offline = false;
    expect(await rok("restore marked.backup", fresh)).toMatchObject({ status: exitStatus.ok });
    await untilGone(fresh, `${applications}/echo-east`);
    await untilGone(fresh, `${clusters}/east`);
    expect(peek(sim.cluster("east"), "Deployment", "echo-east")).toBeUndefined();
  });
});
