import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SimCluster } from "@octoplane/kube-sim/sim-cluster";
import { startSim, type Sim } from "@octoplane/kube-sim/start-sim";
import { exitStatus } from "@octoplane/rok/exit-status";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { peek } from "../e2e/field.ts";
import { krakeApplication, krakeCluster, krakeRef, otherKinds } from "../e2e/krake-records.ts";
import { configMap, echo, job } from "../e2e/manifests.ts";
import { runRok, serverVariables, type RokRun } from "../e2e/rok-run.ts";

const applications = "/kubernetes/namespaces/team/applications";
const clusters = "/kubernetes/namespaces/team/clusters";

describe.runIf(hasEtcd())("rok import krake", () => {
  let folder: string;
  let sim: Sim;
  let etcd: EtcdServer;
  let octoplane: Constellation;
  let counter = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rok-import-"));
    sim = await startSim({ clock: systemClock, random: systemRandom });
    etcd = await startEtcd({ fsync: false });
  });
  beforeEach(async () => {
    // Metrics may move what was taken over when the usual time has passed; on a slow machine a short one would, in the middle of a test.
    const scheduler = { reschedule_after: 600, metrics: { interval: 0.1 } };
    octoplane = await openConstellation({ settings: { scheduler } });
    await gateway("/v3/kv/deleterange", { key: base64("/"), range_end: base64("0") });
  });
  afterEach(async () => await octoplane?.[Symbol.asyncDispose]());
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]();
    await sim?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const address = (): string => `http://${etcd.hosts[0]}`;

  async function gateway(path: string, body: object): Promise<void> {
    const answer = await fetch(`${address()}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async function put(records: Readonly<Record<string, Json>>): Promise<void> {
    for (const [key, record] of Object.entries(records)) {
      const text = typeof record === "string" ? record : JSON.stringify(record);
      await gateway("/v3/kv/put", { key: base64(key), value: base64(text) });
    }
  }

  async function rok(line: string): Promise<RokRun> {
    const { adminToken: token } = octoplane;
    const args = `import krake --etcd ${address()} ${line}`.trim().split(" ");
    return await runRok(args, {
      folder,
      variables: serverVariables({ address: octoplane.address, token }),
    });
  }

  const freshCluster = (): SimCluster =>
    sim.addCluster({ name: `k-${(counter += 1)}`, readyDelayMs: 10 });

  /** Puts an object on a cluster as another manager does. */
  async function apply(cluster: SimCluster, object: Json): Promise<void> {
    const [group, version] = object.apiVersion.includes("/")
      ? object.apiVersion.split("/")
      : ["", object.apiVersion];
    const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const place =
      object.kind === "Namespace" ? "" : `/namespaces/${object.metadata.namespace ?? "default"}`;
    const url = `${cluster.server}${base}${place}/${object.kind.toLowerCase()}s?fieldManager=OpenAPI-Generator`;
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" },
      body: JSON.stringify(object),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async function until(name: string, what: string, holds: (app: Json) => boolean): Promise<Json> {
    let last: Json;
    return await waitFor(
      `${name} ${what}`,
      async () => {
        last = (await octoplane.rest.call("GET", `${applications}/${name}`)).body;
        return last.status?.state !== undefined && holds(last) && last;
      },
      { seen: () => last?.status },
    );
  }

  async function untilGone(path: string): Promise<void> {
    await waitFor(
      `${path} is gone`,
      async () => (await octoplane.rest.call("GET", path)).status === 404,
    );
  }

  it("takes over what runs: nothing is made anew, nothing starts elsewhere, and it goes when it is deleted", async () => {
    const [home, better] = [freshCluster(), freshCluster()];
    const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
    const manifest = [
      ...echo("web"),
      { ...configMap("settings", { a: "1" }), metadata: { name: "settings", namespace: "shop" } },
      space,
    ];
    for (const object of [space, ...manifest.slice(0, 3)]) await apply(home, object);
    // What was in the manifest when Krake applied it last, and is no longer.
    await apply(home, configMap("former", {}));
    const app = krakeApplication("web", manifest, home.name, {
      status: {
        last_applied_manifest: [...manifest, configMap("former", {})],
        last_observed_manifest: [...manifest, null, { kind: 1 }],
      },
    });
    // Another cluster that scores higher: the first comes without any metric.
    const metrics = [{ name: "eu", weight: 1.0, namespaced: false }];
    await put({
      ...otherKinds(),
      [`/kubernetes/clusters/team/${home.name}`]: krakeCluster(home.name, home.kubeconfig),
      [`/kubernetes/clusters/team/${better.name}`]: krakeCluster(better.name, better.kubeconfig, {
        spec: { metrics },
      }),
      "/kubernetes/applications/team/web": app,
    });
    const kindsOf = [
      ["Deployment", "web"],
      ["Service", "web"],
      ["Namespace", "shop"],
    ] as const;
    const uids = (): unknown[] =>
      kindsOf.map(([kind, name]) => peek(home, kind, name)?.metadata.uid);
    const before = uids();
    expect(before).not.toContain(undefined);

    const dry = await rok("--dry-run");
    expect([dry.status, dry.err]).toEqual([exitStatus.ok, "a dry run: nothing was written\n"]);
    expect((await octoplane.rest.ok("GET", "/kubernetes/applications")).items).toEqual([]);

    const done = await rok("");
    expect([done.status, done.err]).toEqual([exitStatus.ok, ""]);
    expect(done.out).toMatch(/kind +created +replaced +exists +refused/);
    expect(done.out).toMatch(/applications +1 +0 +0 +0/);
    const running = await until(
      "web",
      "is taken over",
      ({ status }) => status.state === "RUNNING" && status.observed_generation === 1,
    );
    expect(running.status.running_on.name).toBe(home.name);
    expect(running.status.copies).toHaveLength(1);
    expect(running.metadata).toMatchObject({
      uid: app.metadata.uid,
      created: "2024-02-29T08:15:30.123Z",
      modified: "2024-03-01T08:15:30.654Z",
      finalizers: ["kubernetes_resources_deletion"],
    });
    expect(uids()).toEqual(before);
    await waitFor(
      "what is no longer wanted goes",
      () => peek(home, "ConfigMap", "former") === undefined,
    );
    expect(peek(better, "Deployment", "web")).toBeUndefined();

    await octoplane.rest.ok("DELETE", `${applications}/web`);
    await untilGone(`${applications}/web`);
    for (const [kind, name] of kindsOf) {
      await waitFor(`${kind} ${name} is gone`, () => peek(home, kind, name) === undefined);
    }
  });

  it("takes over every kind, with its credentials sealed and its times kept", async () => {
    const records = otherKinds();
    await put(records);
    const done = await rok("-o json");
    expect([done.status, done.err]).toEqual([exitStatus.ok, ""]);
    const results: Json[] = JSON.parse(done.out);
    expect(new Set(results.map(({ key }) => key))).toEqual(new Set(Object.keys(records)));
    expect(results).toHaveLength(Object.keys(records).length);
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set(["created"]));
    // With clusters and applications, Krake's fourteen kinds.
    expect(new Set(Object.keys(records).map((key) => key.split("/")[2])).size).toBe(12);
    for (const [key, record] of Object.entries(records)) {
      const [, api, plural, ...place] = key.split("/");
      const path =
        place.length === 1
          ? `/${api}/${plural}/${place[0]}`
          : `/${api}/namespaces/${place[0]}/${plural}/${place[1]}`;
      const object = await octoplane.rest.ok("GET", path);
      expect(object.metadata).toMatchObject({
        uid: record.metadata.uid,
        created: "2024-02-29T08:15:30.123Z",
        generation: 1,
      });
      expect(JSON.stringify(object)).not.toContain("s3cret");
    }
    const { entries } = await octoplane.store.list("/registry/");
    for (const { value } of entries) expect(Buffer.from(value).toString()).not.toContain("s3cret");
    const magnum = await octoplane.rest.ok("GET", "/openstack/namespaces/team/magnumclusters/m");
    expect(magnum.status).toMatchObject({ state: "RUNNING", cluster_id: "c-1", node_count: 2 });

    // Again: all is there already, and that is no failure.
    const again = await rok("");
    expect(again.status).toBe(exitStatus.ok);
    expect(again.err.trimEnd().split("\n")).toHaveLength(Object.keys(records).length);
    expect(again.err).toContain("/core/roles/readers: is here already and was left as it is");
    const replaced = await rok("--replace -o json");
    expect(JSON.parse(replaced.out).map(({ result }: Json) => result)).toEqual(
      results.map(() => "replaced"),
    );
  });

  it("tells one by one what it refuses and why, and takes all the rest", async () => {
    const home = freshCluster();
    const [off, lost] = [freshCluster(), freshCluster()];
    off.faults.offline = true;
    const plugin: Json = freshCluster().kubeconfig;
    plugin.users[0].user = {
      exec: { command: "aws", apiVersion: "client.authentication.k8s.io/v1" },
    };
    await apply(home, configMap("shared", {}));
    const done = job("once", { ttlSecondsAfterFinished: 60 });
    const twice = [configMap("a", {}), configMap("a", {})];
    const app = (name: string, manifest: Json[], on: string | null, more: Json = {}): Json => ({
      [`/kubernetes/applications/team/${name}`]: krakeApplication(name, manifest, on, more),
    });
    await put({
      [`/kubernetes/clusters/team/${home.name}`]: krakeCluster(home.name, home.kubeconfig),
      [`/kubernetes/clusters/team/${off.name}`]: krakeCluster(off.name, off.kubeconfig, {
        status: { state: "OFFLINE" },
      }),
      "/kubernetes/clusters/team/plugin": krakeCluster("plugin", plugin),
      "/kubernetes/songs/team/x": { a: 1 },
      "/core/roles/broken": '{"metadata": {"name": "broken", "secret": ',
      "/core/roles/nan": '{"api": "core", "metadata": {"name": "nan"}, "rules": NaN}',
      "/core/roles/other": {
        api: "core",
        kind: "Role",
        metadata: { name: "else", uid: "u" },
        rules: [],
      },
      "/core/globalmetrics/odd": {
        api: "core",
        kind: "GlobalMetric",
        metadata: { name: "odd", uid: "u-9" },
        spec: { min: 2, max: 1, provider: { name: "p", metric: "m" } },
      },
      ...app("sane", [configMap("shared", {})], home.name, {
        spec: { backoff: null, storage_migration: null, novelty: 1 },
      }),
      ...app("twin", [configMap("shared", {}), configMap("own", {})], home.name),
      ...app("twice", twice, null),
      ...app("orphan", [configMap("orphan", {})], lost.name),
      ...app("dark", [configMap("dark", {})], off.name),
      ...app("stuck", [configMap("stuck", {})], "plugin"),
      ...app("done", [done], home.name, { status: { state: "COMPLETED" } }),
    });
    const { status, err } = await rok("");
    expect(status).toBe(exitStatus.refused);
    const expected = [
      /^\/kubernetes\/songs\/team\/x: refused: key: of no kind that there is$/,
      /^\/core\/roles\/broken: refused: expected JSON$/,
      /^\/core\/roles\/nan: refused: expected JSON$/,
      /^\/core\/roles\/other: refused: metadata\.name: expected other, as its key says$/,
      /^\/core\/globalmetrics\/odd: refused: spec\.min: expected less than max \(1\)$/,
      /clusters\/team\/plugin: refused: spec\.kubeconfig\.users\[0\]\.user\.exec: credential plug-ins are programs/,
      /applications\/team\/dark: refused: status\.running_on: what runs on cluster k-\d+ cannot be taken over: /,
      /applications\/team\/done: refused: status\.last_applied_manifest: Job once has done its work and is gone from k-\d+; here it would run once more$/,
      /applications\/team\/orphan: its cluster k-\d+ is gone, so it is placed anew$/,
      /applications\/team\/sane: spec\.novelty is unknown here and was left out$/,
      /applications\/team\/stuck: refused: status\.running_on: its cluster plugin was not taken over, and so is not what runs there$/,
      /applications\/team\/twice: refused: spec\.manifest\[1\]: ConfigMap a stands here twice/,
      /applications\/team\/twin: not on k-\d+ any more: ConfigMap own$/,
      /applications\/team\/twin: ConfigMap shared on k-\d+ belongs to application team\/sane already$/,
    ];
    const lines = err.trimEnd().split("\n");
    for (const pattern of expected)
      expect(
        lines.filter((line) => pattern.test(line)),
        String(pattern),
      ).toHaveLength(1);
    expect(lines).toHaveLength(expected.length);
    const { items } = await octoplane.rest.ok("GET", "/kubernetes/applications");
    expect(items.map(({ metadata }: Json) => metadata.name)).toEqual(["orphan", "sane", "twin"]);
    await until("orphan", "is placed anew", (app_) => app_.status.running_on?.name === home.name);
    // What was away is taken over when it is asked for again.
    off.faults.offline = false;
    await apply(off, configMap("dark", {}));
    await waitFor("the cluster to be back", async () => {
      const { status: found } = await octoplane.rest.ok("GET", `${clusters}/${off.name}`);
      return found.state === "ONLINE";
    });
    expect((await rok("")).err).not.toContain("applications/team/dark: refused");
    await until(
      "dark",
      "is taken over",
      (dark) => dark.status.state === "RUNNING" && dark.status.running_on?.name === off.name,
    );
  });

  it("brings what is being deleted over as it is, and ends it", async () => {
    const home = freshCluster();
    await apply(home, configMap("leaving", {}));
    const metadata = {
      deleted: "2024-03-02T00:00:00.5",
      finalizers: ["kubernetes_resources_deletion", "cascade_deletion"],
    };
    await put({
      [`/kubernetes/clusters/team/${home.name}`]: krakeCluster(home.name, home.kubeconfig),
      "/kubernetes/applications/team/leaving": krakeApplication(
        "leaving",
        [configMap("leaving", {})],
        home.name,
        {
          metadata,
          status: { state: "DELETING" },
        },
      ),
    });
    expect((await rok("")).status).toBe(exitStatus.ok);
    await untilGone(`${applications}/leaving`);
    expect(peek(home, "ConfigMap", "leaving")).toBeUndefined();
    expect(
      (await octoplane.rest.ok("GET", `${clusters}/${home.name}`)).metadata.deleted,
    ).toBeNull();
  });

  it("leaves a cluster alone whose name means another one here, and what runs on Krake's", async () => {
    const [theirs, ours] = [freshCluster(), freshCluster()];
    const body = { metadata: { name: "main" }, spec: { kubeconfig: ours.kubeconfig } };
    await octoplane.rest.ok("POST", clusters, body);
    await put({
      "/kubernetes/clusters/team/main": krakeCluster("main", theirs.kubeconfig),
      "/kubernetes/applications/team/app": krakeApplication("app", [configMap("app", {})], "main"),
    });
    const { status, err } = await rok("");
    expect(status).toBe(exitStatus.refused);
    expect(err).toMatch(
      /clusters\/team\/main: refused: .*another cluster of this name is here, at http/,
    );
    expect(err).toContain("its cluster main was not taken over");
    expect(ours.objects().some(({ metadata }) => metadata.name === "app")).toBe(false);
  });

  it("moves an application that was on its way to another cluster, and keeps the Secrets of its hooks", async () => {
    const [from, to] = [freshCluster(), freshCluster()];
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "mover-krake-complete-secret-token" },
    };
    for (const object of [...echo("mover"), secret]) await apply(from, object);
    await put({
      [`/kubernetes/clusters/team/${from.name}`]: krakeCluster(from.name, from.kubeconfig),
      [`/kubernetes/clusters/team/${to.name}`]: krakeCluster(to.name, to.kubeconfig),
      "/kubernetes/applications/team/mover": krakeApplication("mover", echo("mover"), from.name, {
        spec: { hooks: ["complete"] },
        status: {
          state: "MIGRATING",
          scheduled_to: krakeRef(to.name),
          last_applied_manifest: [...echo("mover"), secret],
        },
      }),
    });
    expect((await rok("")).status).toBe(exitStatus.ok);
    await until(
      "mover",
      "has moved",
      ({ status }) => status.running_on?.name === to.name && status.copies.length === 1,
    );
    await waitFor("the old copy is gone", () => peek(from, "Deployment", "mover") === undefined);
    expect(peek(from, "Secret", "mover-krake-complete-secret-token")).toBeDefined();
    const stored = await octoplane.store.get("/registry/kubernetes/applications/team/mover/status");
    expect(Buffer.from(stored!.value).toString()).not.toContain("a-token-in-clear");
  });

  it("reads more than one page, and says what is wrong with the address or the password", async () => {
    const roles = Array.from({ length: 150 }, (_, index) => {
      const name = `role-${String(index).padStart(3, "0")}`;
      const record = {
        api: "core",
        kind: "Role",
        metadata: { name, uid: `uid-${index}` },
        rules: [],
      };
      return [`/core/roles/${name}`, record] as const;
    });
    await put(Object.fromEntries(roles));
    const done = await rok("");
    expect(done.out).toMatch(/roles +150 +0 +0 +0/);
    const { adminToken: token } = octoplane;
    const at = async (...args: string[]): Promise<RokRun> =>
      await runRok(["import", "krake", ...args], {
        folder,
        variables: serverVariables({ address: octoplane.address, token }),
      });
    expect((await at("--etcd", "http://127.0.0.1:1")).status).toBe(exitStatus.unreachable);
    expect((await at("--etcd", "etcd")).status).toBe(exitStatus.refused);
    expect((await at("--etcd", octoplane.address)).status).not.toBe(exitStatus.ok);
    const user = await at("--etcd", address(), "--etcd-user", "root", "--etcd-password", "x");
    expect([user.status, user.err]).toEqual([
      exitStatus.notAllowed,
      expect.stringContaining("etcd at"),
    ]);
    expect((await at()).status).toBe(exitStatus.usage);
  });
});
