import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { RoleKind } from "@octoplane/kinds/role";
import { decisionWrite, readDecisions } from "@octoplane/resources/decision-log";
import type { Decision } from "@octoplane/kinds/decision";
import { newestVersion } from "@octoplane/resources/schema-version";
import type { Repository } from "@octoplane/resources/repository";
import { limits } from "@octoplane/shared/limits";
import {
  applicationBody,
  bodyOf,
  codeOf,
  input,
  namespace,
  type Bench,
  type OpenBench,
} from "./bench.ts";

const kind = anyKind(ApplicationKind);
const ref = { namespace, name: "web" };

/** Create, update, status, delete: contract section 1.4 and the design decisions 4, 7, 8 and 9. */
export function repositorySuite(open: OpenBench): void {
  let bench: Bench;
  let apps: Repository<Application>;
  beforeEach(async () => {
    bench = await open();
    apps = bench.resources.of(ApplicationKind);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const create = async (more: { metadata?: object; spec?: object } = {}): Promise<Application> =>
    await apps.create(applicationBody("web", more), namespace);
  const setStatus = async (status: Partial<Application["status"]>): Promise<Application> => {
    const { metadata } = await apps.mustGet(ref);
    return await apps.updateStatus(ref, metadata.uid, (current) => ({
      status: { ...current.status, ...status },
    }));
  };

  describe("creating", () => {
    it("makes the server's own fields, and ignores those that were sent", async () => {
      const created = await create({
        metadata: {
          uid: "mine",
          created: "2000-01-01T00:00:00Z",
          deleted: "2000-01-01T00:00:00Z",
          generation: 99,
          resource_version: "1",
          namespace: "elsewhere",
          finalizers: ["mine"],
        },
      });
      expect(created.metadata).toMatchObject({
        namespace,
        deleted: null,
        generation: 1,
        finalizers: ["mine", "kubernetes_resources_deletion"],
      });
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.metadata.modified).toBe(created.metadata.created);
      expect(created.status).toMatchObject({ state: "PENDING", reason: null, copies: [] });
      expect(await apps.get(ref)).toEqual(created);
    });

    it("refuses a name that is taken, and changes nothing", async () => {
      const first = await create();
      expect(await codeOf(create({ spec: { backoff: 9 } }))).toBe("AlreadyExists");
      expect(await apps.get(ref)).toEqual(first);
    });

    it("of one name by many at once succeeds once", async () => {
      const codes = await Promise.all(Array.from({ length: 16 }, () => codeOf(create())));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(codes.filter((code) => code === "AlreadyExists")).toHaveLength(15);
    });
  });

  describe("replacing", () => {
    it("changes the specification and counts its generation, and `modified` grows though the clock stands", async () => {
      bench.stopClock(Date.parse("2024-06-01T00:00:00Z"));
      let before = await create();
      for (let backoff = 2; backoff < 6; backoff += 1) {
        const body = bodyOf(kind, { ...before, spec: { ...before.spec, backoff } });
        const after = await apps.update(ref, body);
        expect(after.spec.backoff).toBe(backoff);
        expect(after.metadata.generation).toBe(before.metadata.generation + 1);
        expect(Date.parse(after.metadata.modified)).toBeGreaterThan(
          Date.parse(before.metadata.modified),
        );
        expect(after.metadata.created).toBe(before.metadata.created);
        before = after;
      }
    });

    it("counts no generation for labels, owners and finalizers", async () => {
      const before = await create();
      const owners = [{ api: "kubernetes", kind: "Cluster", namespace, name: "c" }];
      const metadata = { ...before.metadata, labels: { a: "b" }, owners, finalizers: ["mine"] };
      const after = await apps.update(ref, bodyOf(kind, { ...before, metadata }));
      expect(after.metadata).toMatchObject({ generation: 1, labels: { a: "b" }, owners });
      // Without its own finalizer the objects of an application would be left on their cluster.
      expect(after.metadata.finalizers).toEqual(["mine", "kubernetes_resources_deletion"]);
    });

    it("with what was read is no change, also when the user has finalizers and the scheduler has placed it", async () => {
      await create({ metadata: { finalizers: ["one", "two"] } });
      const cluster = { api: "kubernetes", kind: "Cluster", namespace, name: "c" };
      const read = await setStatus({ scheduled_to: cluster });
      expect(read.metadata.owners).toEqual([cluster]);
      expect(await codeOf(apps.update(ref, bodyOf(kind, read)))).toBe("NoChange");
      expect(await apps.get(ref)).toEqual(read);
    });

    it("cannot change the name or the namespace, nor create", async () => {
      const { metadata, ...rest } = await create();
      const other = (change: object) =>
        bodyOf(kind, { ...rest, metadata: { ...metadata, ...change } });
      expect(await codeOf(apps.update(ref, other({ name: "other" })))).toBe("Immutable");
      expect(await codeOf(apps.update(ref, other({ namespace: "other" })))).toBe("Immutable");
      const missing = { namespace, name: "missing" };
      expect(await codeOf(apps.update(missing, other({ name: "missing" })))).toBe("NotFound");
    });

    it("by a body that was read before the last change is refused: by version, by If-Match, by `modified`", async () => {
      const old = await create();
      const current = await apps.update(
        ref,
        bodyOf(kind, { ...old, spec: { ...old.spec, backoff: 2 } }),
      );
      const stale = (metadata: object) =>
        bodyOf(kind, { ...old, metadata, spec: { ...old.spec, backoff: 3 } });
      const { resource_version: version, modified, ...bare } = old.metadata;
      const { resource_version: newVersion, modified: newModified } = current.metadata;
      expect(await codeOf(apps.update(ref, stale({ ...bare, resource_version: version })))).toBe(
        "Conflict",
      );
      expect(await codeOf(apps.update(ref, stale({ ...bare, modified })))).toBe("Conflict");
      expect(await codeOf(apps.update(ref, stale(bare), { ifMatch: version }))).toBe("Conflict");
      expect(await codeOf(apps.update(ref, stale(bare), { ifMatch: "nonsense" }))).toBe("Conflict");
      // The header goes before the body, and the version before `modified`.
      const mixed = stale({ ...bare, resource_version: newVersion, modified });
      expect(await codeOf(apps.update(ref, mixed, { ifMatch: version }))).toBe("Conflict");
      expect(await apps.get(ref)).toEqual(current);
      expect(await codeOf(apps.update(ref, mixed))).toBeUndefined();
      expect(await codeOf(apps.update(ref, stale({ ...bare, modified: newModified })))).toBe(
        "Conflict",
      );
      const blind = bodyOf(kind, { ...old, metadata: bare, spec: { ...old.spec, backoff: 4 } });
      expect((await apps.update(ref, blind)).spec.backoff).toBe(4);
      const any = bodyOf(kind, { ...old, metadata: bare, spec: { ...old.spec, backoff: 5 } });
      expect((await apps.update(ref, any, { ifMatch: "*" })).spec.backoff).toBe(5);
    });

    it("reads a moment as Krake's clients write it", async () => {
      const { resource_version: _version, ...metadata } = (await create()).metadata;
      const modified = metadata.modified.replace("Z", "000+00:00");
      const body = applicationBody("web", {
        metadata: { ...metadata, modified },
        spec: { backoff: 2 },
      });
      expect((await apps.update(ref, body)).spec.backoff).toBe(2);
    });

    it("by many who each read first loses no update", async () => {
      await create();
      const change = async (label: string): Promise<void> => {
        for (;;) {
          const read = await apps.mustGet(ref);
          const labels = { ...read.metadata.labels, [label]: "x" };
          const body = bodyOf(kind, { ...read, metadata: { ...read.metadata, labels } });
          if ((await codeOf(apps.update(ref, body))) === undefined) return;
        }
      };
      const labels = Array.from({ length: 8 }, (_, index) => `l${index}`);
      await Promise.all(labels.map(change));
      expect(Object.keys((await apps.mustGet(ref)).metadata.labels).toSorted()).toEqual(labels);
    });

    it("keeps of our additions what the body leaves out", async () => {
      const { metadata, ...created } = await create({ spec: { reschedule_after: 7 } });
      const { reschedule_after: _left, ...spec } = created.spec;
      const after = await apps.update(
        ref,
        bodyOf(kind, { metadata, spec: { ...spec, backoff: 2 } }),
      );
      expect(after.spec).toMatchObject({ backoff: 2, reschedule_after: 7 });
      const back = { metadata: after.metadata, spec: { ...spec, reschedule_after: null } };
      expect((await apps.update(ref, bodyOf(kind, back))).spec.reschedule_after).toBeNull();
    });
  });

  describe("a status", () => {
    it("neither moves `modified` nor stands in the way of a change that was read before it", async () => {
      const read = await create();
      const after = await setStatus({ retries: 3 });
      expect(after.status.retries).toBe(3);
      expect(after.metadata.modified).toBe(read.metadata.modified);
      expect(after.metadata.generation).toBe(read.metadata.generation);
      expect(after.metadata.resource_version).not.toBe(read.metadata.resource_version);
      const body = bodyOf(kind, { ...read, spec: { ...read.spec, backoff: 2 } });
      const both = await apps.update(ref, body);
      expect([both.spec.backoff, both.status.retries]).toEqual([2, 3]);
    });

    it("is computed again on the newest state when somebody else was faster, so that none is lost", async () => {
      const { metadata } = await create();
      const count = async (): Promise<void> => {
        await apps.updateStatus(ref, metadata.uid, ({ status }) => ({
          status: { ...status, retries: (status.retries ?? 0) + 1 },
        }));
      };
      await Promise.all(Array.from({ length: 8 }, count));
      expect((await apps.mustGet(ref)).status.retries).toBe(8);
    });

    it("has a state that is derived, whatever is written there", async () => {
      await create();
      expect((await setStatus({ state: "RUNNING" })).status.state).toBe("PENDING");
    });

    it("of an object that is gone, or has another life, is refused", async () => {
      const { metadata } = await create();
      await apps.remove(ref, { force: true });
      const write = () => apps.updateStatus(ref, metadata.uid, ({ status }) => ({ status }));
      expect(await codeOf(write())).toBe("NotFound");
      const old = { ...(await create()), metadata };
      expect(await codeOf(write())).toBe("NotFound");
      const base = () => apps.updateStatus(ref, metadata.uid, ({ status }) => ({ status }), old);
      expect(await codeOf(base())).toBe("NotFound");
    });
  });

  describe("deleting", () => {
    it("marks once; finalizers can then only be removed, and the object goes with the last one", async () => {
      await create({ metadata: { finalizers: ["mine"] } });
      const marked = await apps.remove(ref);
      expect(marked.metadata.finalizers).toEqual([
        "mine",
        "kubernetes_resources_deletion",
        "cascade_deletion",
      ]);
      expect(marked.metadata.deleted).not.toBeNull();
      expect(await apps.remove(ref)).toEqual(marked);
      const withFinalizers = (finalizers: readonly string[]) =>
        bodyOf(kind, { ...marked, metadata: { ...marked.metadata, finalizers } });
      expect(await codeOf(apps.update(ref, withFinalizers(["mine", "new"])))).toBe("Terminating");
      const fewer = await apps.update(ref, withFinalizers(["mine"]));
      expect(fewer.metadata.finalizers).toEqual(["mine"]);
      await apps.removeFinalizer(ref, fewer.metadata.uid, "mine");
      expect(await apps.get(ref)).toBeUndefined();
      expect((await bench.store.list("/")).entries).toEqual([]);
    });

    it("waits for finalizers in any order, and a finalizer of another life is left alone", async () => {
      const { metadata } = await create();
      await apps.remove(ref);
      await apps.removeFinalizer(ref, "another life", "cascade_deletion");
      await apps.removeFinalizer(ref, metadata.uid, "kubernetes_resources_deletion");
      expect((await apps.mustGet(ref)).metadata.finalizers).toEqual(["cascade_deletion"]);
      await apps.removeFinalizer(ref, metadata.uid, "cascade_deletion");
      await apps.removeFinalizer(ref, metadata.uid, "cascade_deletion");
      expect(await codeOf(apps.mustGet(ref))).toBe("NotFound");
      expect(await codeOf(apps.remove(ref))).toBe("NotFound");
    });

    it("by force removes every record, also decisions that are written meanwhile", async () => {
      const { metadata } = await create();
      const decide = async (): Promise<void> => {
        await apps.updateStatus(ref, metadata.uid, ({ status }) => {
          const sequence = status.decisions + 1;
          const also = [decisionWrite(metadata.uid, { sequence } as Decision)];
          return { status: { ...status, decisions: sequence }, also };
        });
      };
      for (let index = 0; index < 20; index += 1) await decide();
      const kept = await readDecisions(bench.store, metadata.uid);
      expect(kept.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: limits.decisionsMax }, (_, index) => 20 - index),
      );
      await Promise.allSettled([decide(), apps.remove(ref, { force: true }), decide(), decide()]);
      expect((await bench.store.list("/")).entries.map(({ key }) => key)).toEqual([]);
    });

    it("of one life leaves the next one alone", async () => {
      const { metadata } = await create();
      await apps.remove(ref, { force: true });
      await create();
      expect(await codeOf(apps.remove(ref, { uid: metadata.uid }))).toBe("NotFound");
      expect((await apps.mustGet(ref)).metadata.deleted).toBeNull();
    });
  });

  describe("a list", () => {
    const seed = async (): Promise<void> => {
      for (const [place, count] of [
        ["a", 3],
        ["b", 4],
        ["b.c", 1],
      ] as const) {
        for (let index = 0; index < count; index += 1) {
          await apps.create(applicationBody(`app-${index}`), place);
        }
      }
    };
    const names = (items: readonly Application[]) =>
      items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

    it("holds one namespace, or all, in order", async () => {
      await seed();
      expect(names((await apps.list({ namespace: "a" })).items)).toEqual([
        "a/app-0",
        "a/app-1",
        "a/app-2",
      ]);
      expect(names((await apps.list({ namespace: "b" })).items)).toHaveLength(4);
      expect(names((await apps.list()).items)).toHaveLength(8);
    });

    it("of one name holds that one or nothing", async () => {
      await seed();
      const named = async (name: string) =>
        names((await apps.list({ namespace: "b", name })).items);
      expect(await named("app-1")).toEqual(["b/app-1"]);
      for (const name of ["app", "app-", "app-1/object", "app-9"]) {
        expect(await named(name)).toEqual([]);
      }
    });

    it("holds what was written just now, beside what is in memory already", async () => {
      await seed();
      const feed = bench.resources.feed(ApplicationKind);
      await feed.caughtUp();
      for (let turn = 0; turn < 20; turn += 1) {
        // More in a row than are fetched one by one, and fewer.
        for (let count = 0; count <= turn; count += 1) {
          await apps.create(applicationBody(`new-${turn}-${count}`), "a");
        }
        const place = { namespace: "b", name: "app-2" };
        const { metadata } = await apps.mustGet(place);
        await apps.updateStatus(place, metadata.uid, ({ status }) => ({
          status: { ...status, observed_generation: turn + 1 },
        }));
        const { items } = await apps.list();
        expect(items).toHaveLength(8 + ((turn + 1) * (turn + 2)) / 2);
        const changed = items.find((item) => item.metadata.uid === metadata.uid);
        expect(changed?.status.observed_generation).toBe(turn + 1);
        if (turn % 2 === 0) await feed.caughtUp();
      }
    });

    it.each([1, 2, 3, 8, 100])(
      "in pages of %i holds everything once, as it was at the first page",
      async (limit) => {
        await seed();
        const whole = await apps.list();
        const items: Application[] = [];
        let page = await apps.list({ limit });
        for (;;) {
          expect(page.items.length).toBeLessThanOrEqual(limit);
          items.push(...page.items);
          if (page.next === undefined) break;
          await codeOf(apps.remove({ namespace: "b", name: "app-3" }, { force: true }));
          page = await apps.list({ limit, next: page.next });
        }
        expect(names(items)).toEqual(names(whole.items));
      },
    );

    it("takes no token that is not its own, and a token tells nothing", async () => {
      await seed();
      const { next } = await apps.list({ limit: 1 });
      for (const text of [next!, Buffer.from(next!, "base64url").toString()]) {
        expect(text).not.toMatch(/app-0|registry|applications/);
      }
      const forged = Buffer.from(JSON.stringify(["1", "/registry/"])).toString("base64url");
      for (const token of [forged, "x", "", next!.slice(0, -4)]) {
        expect(await codeOf(apps.list({ limit: 1, next: token }))).toBe("Invalid");
      }
      expect(await codeOf(apps.list({ limit: 1, namespace: "a", next: next! }))).toBe("Invalid");
      expect(await codeOf(bench.resources.of(RoleKind).list({ limit: 1, next: next! }))).toBe(
        "Invalid",
      );
    });

    it("goes on without the records that cannot be read, in pages too, and says so in the log", async () => {
      await seed();
      const broken: readonly (readonly [string, string])[] = [
        ["a/app-1/object", "{not json"],
        ["b/app-0/object", JSON.stringify({ v: 99, metadata: {}, fields: {} })],
        ["b/app-2/status", "null"],
        ["b/app-3/status", JSON.stringify({ v: 1 })],
        ["b/orphan/object", "{}"],
        ["b/strange/extra", "{}"],
      ];
      for (const [place, value] of broken) {
        const key = `/registry/kubernetes/applications/${place}`;
        await bench.store.commit([], [{ key, value: Buffer.from(value) }]);
      }
      const good = ["a/app-0", "a/app-2", "b/app-1", "b.c/app-0"];
      expect(names((await apps.list()).items).toSorted()).toEqual(good.toSorted());
      const found: string[] = [];
      for (let next: string | undefined = ""; next !== undefined;) {
        const page = await apps.list({ limit: 1, ...(next === "" ? {} : { next }) });
        found.push(...names(page.items));
        next = page.next;
      }
      expect(found.toSorted()).toEqual(good.toSorted());
      expect(bench.logged()).toContain("applications/a/app-1/object is not JSON");
      expect(bench.logged()).toContain(
        `has schema version 99, and this program reads up to ${newestVersion}`,
      );
      expect(await codeOf(apps.get({ namespace: "a", name: "app-1" }))).toBe("Internal");
    });
  });

  it("a kind without namespace and status has one record", async () => {
    const roles = bench.resources.of(RoleKind);
    const role = await roles.create(
      input(anyKind(RoleKind), { metadata: { name: "r" }, rules: [] }),
      "ignored",
    );
    expect(role.metadata.namespace).toBeNull();
    expect(role).not.toHaveProperty("status");
    expect((await bench.store.list("/registry/")).entries.map(({ key }) => key)).toEqual([
      "/registry/core/roles/r/object",
    ]);
    expect((await roles.list()).items).toEqual([role]);
  });
}
