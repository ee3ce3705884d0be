import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { anyKind } from "@octoplane/kinds/kind";
import { ApplicationKind } from "@octoplane/kinds/application";
import { readBackupLine, type BackupRecord } from "@octoplane/kinds/backup-format";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { RoleKind } from "@octoplane/kinds/role";
import { backupLines } from "@octoplane/resources/backup/backup-lines";
import { dryStore } from "@octoplane/resources/dry-store";
import { restoreRecords } from "@octoplane/resources/restore/restore";
import { newestVersion } from "@octoplane/resources/schema-version";
import { Sealer } from "@octoplane/resources/sealer";
import { isFailure } from "@octoplane/shared/errors";
import { systemRandom } from "@octoplane/shared/random";
import type { Json } from "../../rest.ts";
import {
  applicationBody,
  clusterBody,
  codeOf,
  input,
  namespace,
  secrets,
  type Bench,
  type OpenBench,
} from "./bench.ts";

const never = new AbortController().signal;
const plain = { replace: false, holdDeletions: false };

async function textOf(bench: Bench, signal = never): Promise<string> {
  let text = "";
  for await (const lines of backupLines(bench.resources.parts, signal)) text += lines;
  return text;
}

function linesOf(text: string) {
  return text.trimEnd().split("\n").map(readBackupLine);
}

function recordsOf(text: string): BackupRecord[] {
  return linesOf(text).flatMap((line) => (line.is === "record" ? [line.entry] : []));
}

/** An application with a decision and an event, a cluster with credentials, a role. */
async function fill(bench: Bench): Promise<void> {
  const { resources } = bench;
  await resources
    .of(RoleKind)
    .create(input(anyKind(RoleKind), { metadata: { name: "r" }, rules: [] }));
  await resources.of(ClusterKind).create(clusterBody("c"), namespace);
  const apps = resources.of(ApplicationKind);
  const app = await apps.create(
    applicationBody("a", { metadata: { labels: { x: "y" } } }),
    namespace,
  );
  const condition = {
    type: "Scheduled",
    status: "True",
    reason: "Placed",
    message: "placed on c",
    observed_generation: 1,
    last_transition_time: app.metadata.created,
  } as const;
  await apps.updateStatus({ namespace, name: "a" }, app.metadata.uid, ({ status }) => ({
    status: { ...status, conditions: [condition], decisions: 1 },
    also: [
      {
        key: `/decisions/${app.metadata.uid}/000`,
        value: Buffer.from(JSON.stringify(decision(app.metadata.created))),
      },
    ],
  }));
}

function decision(time: string) {
  return {
    sequence: 1,
    time,
    generation: 1,
    outcome: "placed",
    reason: { code: "Best", message: "c is the only cluster that fits" },
    chosen: { namespace, name: "c" },
    previous: null,
    runner_up: null,
    margin: null,
    held_until: null,
    candidates: [],
    candidates_total: 1,
    candidates_fitting: 1,
  };
}

/** Every key and value of a store that a backup is about. */
async function everything(bench: Bench): Promise<Json> {
  const { entries } = await bench.store.list("/");
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, JSON.parse(Buffer.from(value).toString())]),
  );
}

async function problemsOf(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!isFailure(error, "Invalid")) throw error;
    return error.fields.map(({ field, message }) => `${field}: ${message}`);
  }
}

/** Turns every record back into one of form 1. */
async function makeOld(bench: Bench): Promise<void> {
  const { entries } = await bench.store.list("/registry/");
  const writes = entries.map(({ key, value }) => {
    const { v, ...record }: Json = JSON.parse(Buffer.from(value).toString());
    expect(v).toBe(newestVersion);
    delete record.status?.events;
    return { key, value: Buffer.from(JSON.stringify({ v: 1, ...record })) };
  });
  await bench.store.commit([], writes);
}

/** Backups out of one store and into another, and stores that an older program has filled. */
export function backupSuite(open: OpenBench): void {
  describe("a store full of records of form 1", () => {
    it("serves, lists, watches, updates and restores them; what is written is of the newest form", async () => {
      await using bench = await open();
      await fill(bench);
      await bench.store.commit(
        [],
        (await bench.store.list("/events/")).entries.map(({ key }) => ({ key, remove: true })),
      );
      await makeOld(bench);
      const old = await everything(bench);
      const resources = bench.another();
      const apps = resources.of(ApplicationKind);
      const ref = { namespace, name: "a" };
      expect((await apps.list()).items).toHaveLength(1);
      const feed = resources.feed(ApplicationKind);
      await feed.ready();
      expect(feed.objects.get(`${namespace}/a`)?.status.events).toBe(0);
      expect(await everything(bench)).toEqual(old);
      const records = recordsOf(await textOf(bench));
      const { metadata, status } = await apps.mustGet(ref);
      expect(status).toMatchObject({ decisions: 1, events: 0 });
      await apps.updateStatus(ref, metadata.uid, (app) => ({
        status: { ...app.status, retries: 1 },
      }));
      await apps.update(ref, applicationBody("a", { metadata: { labels: { x: "z" } } }));
      const now = await everything(bench);
      const stem = `/registry/kubernetes/applications/${namespace}/a`;
      expect([now[`${stem}/object`].v, now[`${stem}/status`].v]).toEqual([
        newestVersion,
        newestVersion,
      ]);
      expect(now[`${stem}/status`].status).toMatchObject({ retries: 1, events: 0 });
      expect(now["/registry/core/roles/r/object"].v).toBe(1);
      await bench.clear();
      await restoreRecords(bench.resources.parts, records, plain);
      expect((await apps.mustGet(ref)).status.decisions).toBe(1);
    });
  });

  describe("backup", () => {
    it("holds every record as it is, credentials sealed, and counts and hashes what it holds", async () => {
      await using bench = await open();
      await fill(bench);
      const text = await textOf(bench);
      const lines = linesOf(text);
      expect(lines[0]).toMatchObject({
        is: "header",
        header: { format: "octoplane-backup", version: 1, sealing_keys: bench.sealer.keyIds },
      });
      expect(recordsOf(text).map(({ key }) => key.replace(/[0-9a-f-]{36}/, "UID"))).toEqual([
        "/registry/core/roles/r/object",
        "/registry/kubernetes/clusters/team/c/object",
        "/registry/kubernetes/clusters/team/c/status",
        "/registry/kubernetes/applications/team/a/object",
        "/registry/kubernetes/applications/team/a/status",
        "/decisions/UID/000",
        "/events/UID/000",
      ]);
      expect(text).not.toContain(secrets.token);
      const before = text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1);
      const sha256 = createHash("sha256").update(before).digest("hex");
      expect(lines.at(-1)).toEqual({
        is: "trailer",
        trailer: { records: 7, unreadable: 0, sha256 },
      });
    });

    it("is true at one revision, whatever is written while it is read", async () => {
      await using bench = await open();
      await fill(bench);
      const lines = backupLines(bench.resources.parts, never);
      await lines.next();
      await bench.resources.of(ApplicationKind).create(applicationBody("late"), namespace);
      await bench.resources.of(ApplicationKind).remove({ namespace, name: "a" }, { force: true });
      let rest = "";
      for await (const more of lines) rest += more;
      expect(rest).toContain("/applications/team/a/object");
      expect(rest).not.toContain("/applications/team/late/");
    });

    it("ends in an error line when history is compacted under it, and when the server stops", async () => {
      await using bench = await open();
      await fill(bench);
      const lines = backupLines(bench.resources.parts, never);
      await lines.next();
      const app = await bench.resources.of(ApplicationKind).create(applicationBody("b"), namespace);
      const [version] = app.metadata.resource_version.split(".");
      await bench.store.compact(BigInt(version!));
      let rest = "";
      for await (const more of lines) rest += more;
      expect(linesOf(rest).at(-1)).toMatchObject({ is: "error", code: "Compacted" });
      const stopping = await textOf(bench, AbortSignal.abort());
      expect(linesOf(stopping).at(-1)).toMatchObject({ is: "error", code: "Unavailable" });
    });

    it("names records that are damaged, and holds all the others", async () => {
      await using bench = await open();
      await fill(bench);
      const key = "/registry/core/roles/broken/object";
      await bench.store.commit([], [{ key, value: Buffer.from("{half") }]);
      const lone = "/registry/kubernetes/clusters/team/lone/status";
      await bench.store.commit([], [{ key: lone, value: Buffer.from("{}") }]);
      const lines = linesOf(await textOf(bench));
      expect(lines.filter((line) => line.is === "unreadable")).toEqual([
        { is: "unreadable", key },
        { is: "unreadable", key: lone },
      ]);
      expect(lines.at(-1)).toMatchObject({ trailer: { records: 7, unreadable: 2 } });
    });
  });

  describe("restore", () => {
    it("gives back every record to the byte, and a second time changes nothing", async () => {
      await using bench = await open();
      await fill(bench);
      const before = await everything(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      const results = await restoreRecords(parts, records, plain);
      expect(results.map(({ result }) => result)).toEqual(["created", "created", "created"]);
      expect(await everything(bench)).toEqual(before);
      const again = await restoreRecords(parts, records, plain);
      expect(again.map(({ result }) => result)).toEqual(["unchanged", "unchanged", "unchanged"]);
      const { spec } = await bench.resources.of(ClusterKind).reveal({ namespace, name: "c" });
      expect(JSON.stringify(spec)).toContain(secrets.token);
    });

    it("shows nobody an object without its status or its decisions", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      const before = await bench.store.list("/");
      await restoreRecords(parts, records, plain);
      const { entries } = await bench.store.list("/");
      const ofApp = entries.filter(({ key }) => !/roles|clusters/.test(key));
      expect(new Set(ofApp.map(({ revision }) => revision)).size).toBe(1);
      expect(before.entries).toEqual([]);
    });

    it("a dry run says what would be and writes nothing", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      const store = dryStore(parts.store);
      const results = await restoreRecords({ ...parts, store }, records, plain);
      expect(results).toHaveLength(3);
      expect(await everything(bench)).toEqual({});
    });

    it("leaves a name alone that another object has, unless it is told to replace it", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      await fill(bench);
      const { parts } = bench.resources;
      const before = await everything(bench);
      const problems = await problemsOf(restoreRecords(parts, records, plain));
      // A role that says the same is no other role.
      expect(problems).toEqual([
        expect.stringMatching(
          /^records\[1\]\.key: Cluster c is there and has the uid [0-9a-f-]+; replace/,
        ),
        expect.stringMatching(/^records\[3\]\.key: Application a is there and has the uid/),
      ]);
      expect(await everything(bench)).toEqual(before);
      await restoreRecords(parts, records, { ...plain, replace: true });
      expect(recordsOf(await textOf(bench))).toEqual(records);
      // Decisions and events of the life that was replaced went with it.
      const keys = Object.keys(await everything(bench)).filter(
        (key) => !key.startsWith("/registry/"),
      );
      expect(keys).toHaveLength(2);
    });

    it("keeps in the books what an application has put on clusters since the backup", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      const apps = bench.resources.of(ApplicationKind);
      const { metadata } = await apps.mustGet({ namespace, name: "a" });
      const item = {
        group: "",
        version: "v1",
        kind: "ConfigMap",
        namespace: "default",
        name: "a",
        uid: "u",
        digest: "d",
        fields_digest: "f",
        created: true,
      };
      const cluster = { api: "kubernetes", kind: "Cluster", namespace, name: "c" };
      const copy = { cluster, cluster_uid: "k", generation: 1, objects: [item] };
      await apps.updateStatus({ namespace, name: "a" }, metadata.uid, ({ status }) => ({
        status: { ...status, copies: [copy] },
      }));
      await restoreRecords(bench.resources.parts, records, { ...plain, replace: true });
      expect((await apps.mustGet({ namespace, name: "a" })).status.copies).toEqual([copy]);
    });

    it("takes no other application's place while that one has objects on a cluster", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      const apps = bench.resources.of(ApplicationKind);
      await apps.remove({ namespace, name: "a" }, { force: true });
      const other = await apps.create(applicationBody("a"), namespace);
      const cluster = { api: "kubernetes", kind: "Cluster", namespace, name: "c" };
      const objects = [
        {
          group: "",
          version: "v1",
          kind: "ConfigMap",
          namespace: null,
          name: "a",
          uid: "u",
          digest: "",
          fields_digest: "",
          created: true,
        },
      ];
      await apps.updateStatus({ namespace, name: "a" }, other.metadata.uid, ({ status }) => ({
        status: { ...status, copies: [{ cluster, cluster_uid: "k", generation: 1, objects }] },
      }));
      const work = restoreRecords(bench.resources.parts, records, { ...plain, replace: true });
      expect(await problemsOf(work)).toEqual([
        "records[3].key: another Application a has objects on c; delete it first",
      ]);
    });

    it("holds marks for deletion back until it is told to set them", async () => {
      await using bench = await open();
      await fill(bench);
      const clusters = bench.resources.of(ClusterKind);
      await clusters.remove({ namespace, name: "c" });
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      await restoreRecords(parts, records, { ...plain, holdDeletions: true });
      expect((await clusters.mustGet({ namespace, name: "c" })).metadata.deleted).toBeNull();
      const results = await restoreRecords(parts, records, plain);
      expect(results.map(({ result }) => result)).toEqual(["unchanged", "replaced", "unchanged"]);
      const { metadata } = await clusters.mustGet({ namespace, name: "c" });
      expect(metadata.deleted).not.toBeNull();
      expect(metadata.finalizers).toContain("cascade_deletion");
    });

    it("names the key that credentials were sealed with, when it is not here, before it writes anything", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { store } = bench;
      const sealer = new Sealer(systemRandom.bytes(32), systemRandom);
      const problems = await problemsOf(restoreRecords({ store, sealer }, records, plain));
      expect(problems).toHaveLength(2);
      expect(problems[0]).toContain(
        `records[1].record.fields.spec.kubeconfig.users.0.user.token: sealed with the key ${bench.sealer.keyIds[0]}`,
      );
      expect(await everything(bench)).toEqual({});
    });

    it("refuses a doctored record and says where", async () => {
      await using bench = await open();
      await fill(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      const doctored = async (
        at: number,
        edit: (entry: Json) => void,
      ): Promise<readonly string[]> => {
        const copy: Json = structuredClone(records);
        edit(copy[at]);
        return await problemsOf(restoreRecords(parts, copy, plain));
      };
      const uid = "11111111-1111-4111-8111-111111111111";
      const cases: readonly (readonly [number, (entry: Json) => void, string])[] = [
        [
          0,
          (entry) => (entry.record.v = 99),
          "records[0].record: has schema version 99, and this program",
        ],
        [
          0,
          (entry) => (entry.key = "/registry/core/songs/r/object"),
          "records[0].key: /registry/core/songs/r/object is of no kind",
        ],
        [
          0,
          (entry) => (entry.record.metadata.name = "s"),
          'records[0].record.metadata.name: expected "r", as its key says',
        ],
        [
          0,
          (entry) => (entry.record.metadata.uid = "../x"),
          "records[0].record.metadata.uid: expected a uid",
        ],
        [
          0,
          (entry) => (entry.record.fields.rules = [{ api: "" }]),
          "records[0].record.fields.rules[0].resources: expected, but missing",
        ],
        [0, (entry) => (entry.record.more = 1), "records[0].record.more: unknown field"],
        [
          1,
          (entry) => (entry.record.fields.spec.kubeconfig.users[0].user.token = "clear"),
          "records[1].record.fields.spec.kubeconfig.users.0.user.token: expected a sealed text",
        ],
        [
          1,
          (entry) => (entry.record.metadata.uid = uid),
          "records[1].record.fields.spec.kubeconfig.users.0.user.token: does not open",
        ],
        [
          1,
          (entry) => (entry.record.fields.spec.kubeconfig.users[0].user.exec = { command: "sh" }),
          "records[1].record.fields.spec.kubeconfig.users[0].user.exec: credential plug-ins are programs",
        ],
        [
          2,
          (entry) => (entry.record.uid = uid),
          "records[2].record.uid: expected the uid of its object",
        ],
        [
          4,
          (entry) => (entry.record.status.copies = [1]),
          "records[4].record.status.copies[0]: expected object",
        ],
        [4, (entry) => (entry.key = records[2]!.key), "records[4].key: stands here twice"],
        [5, (entry) => (entry.record.outcome = "lost"), "records[5].record.outcome: expected"],
        [
          5,
          (entry) => (entry.key = `/decisions/${uid}/000`),
          "records[5].key: expected the uid of the object above",
        ],
        [
          6,
          (entry) => (entry.key = "/leaders/scheduler"),
          "records[6].key: /leaders/scheduler is of no kind",
        ],
      ];
      for (const [at, edit, expected] of cases) {
        const [first = "nothing", ...others] = await doctored(at, edit);
        expect(
          [first, ...others].some((text) => text.startsWith(expected)),
          `${first} for ${expected}`,
        ).toBe(true);
      }
      expect(await everything(bench)).toEqual({});
      const missing = records.filter((_record, index) => index !== 2);
      expect(await problemsOf(restoreRecords(parts, missing, plain))).toEqual([
        "records[1].key: the record of its status is missing",
      ]);
    });

    it("takes objects whose parts are too large for one commit", async () => {
      await using bench = await open();
      await fill(bench);
      const apps = bench.resources.of(ApplicationKind);
      const data = systemRandom.bytes(600_000).toString("base64");
      const big = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { data } };
      const created = await apps.create(
        applicationBody("big", { spec: { manifest: [big] } }),
        namespace,
      );
      await apps.updateStatus({ namespace, name: "big" }, created.metadata.uid, ({ status }) => ({
        status: { ...status, last_applied_manifest: [big] },
      }));
      const before = await everything(bench);
      const records = recordsOf(await textOf(bench));
      await bench.clear();
      const { parts } = bench.resources;
      await restoreRecords({ ...parts, store: dryStore(parts.store) }, records, plain);
      expect(await everything(bench)).toEqual({});
      await restoreRecords(parts, records, plain);
      expect(await everything(bench)).toEqual(before);
      expect(await codeOf(apps.mustGet({ namespace, name: "big" }))).toBeUndefined();
    });
  });
}
