import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import type { FeedEvent, KindFeed } from "@octoplane/resources/kind-feed";
import { Resources } from "@octoplane/resources/resources";
import { failure } from "@octoplane/shared/errors";
import { silentLog } from "@octoplane/shared/log";
import type { Store } from "@octoplane/store/store";
import type { Repository } from "@octoplane/resources/repository";
import { waitFor } from "../../wait-for.ts";
import { applicationBody, bodyOf, codeOf, namespace, type Bench, type OpenBench } from "./bench.ts";

const kind = anyKind(ApplicationKind);

/** Every event once, in order, whole objects only, whatever happens to the watch beneath. */
export function feedSuite(open: OpenBench): void {
  let bench: Bench;
  let apps: Repository<Application>;
  let feed: KindFeed<Application>;
  beforeEach(async () => {
    bench = await open();
    apps = bench.resources.of(ApplicationKind);
    feed = bench.resources.feed(ApplicationKind);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const create = async (name: string): Promise<Application> =>
    await apps.create(applicationBody(name), namespace);
  const setRetries = async (app: Application, retries: number): Promise<Application> =>
    await apps.updateStatus(
      { namespace, name: app.metadata.name },
      app.metadata.uid,
      ({ status }) => ({
        status: { ...status, retries },
      }),
    );
  const listenTo = (source: KindFeed<Application>, after?: bigint): FeedEvent<Application>[] => {
    const events: FeedEvent<Application>[] = [];
    source.listen((more) => events.push(...more), after);
    return events;
  };
  const lines = (events: readonly FeedEvent<Application>[]) =>
    events.map(({ type, key }) => `${type} ${key}`);

  describe("a feed", () => {
    it("tells of creation, changes and the end, with the last state", async () => {
      await feed.ready();
      const events = listenTo(feed);
      const created = await create("a");
      await setRetries(created, 1);
      const ref = { namespace, name: "a" };
      const read = await apps.mustGet(ref);
      await apps.update(ref, bodyOf(kind, { ...read, spec: { ...read.spec, backoff: 2 } }));
      await apps.remove(ref, { force: true });
      await waitFor("the end", () => events.at(-1)?.type === "DELETED");
      expect(lines(events)).toEqual(
        ["ADDED", "MODIFIED", "MODIFIED", "DELETED"].map((type) => `${type} ${namespace}/a`),
      );
      expect(events[0]?.object).toEqual(created);
      expect(events[3]?.object).toMatchObject({ spec: { backoff: 2 }, status: { retries: 1 } });
      const revisions = events.map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(events[3]?.object.metadata.resource_version).toBe(String(revisions[3]));
      expect(Object.isFrozen(events[1]?.object.status)).toBe(true);
    });

    it("under 16 writers with 1,000 writes each way tells every one, in order, and never half an object", async () => {
      const writers = 16;
      const writes = 1_000;
      await feed.ready();
      const events = listenTo(feed);
      const write = async (writer: number): Promise<void> => {
        let app = await create(`w${writer}`);
        for (let index = 1; index <= writes; index += 1) {
          app = await apps.updateStatus(
            { namespace, name: `w${writer}` },
            app.metadata.uid,
            ({ status }) => ({ status: { ...status, retries: index } }),
            app,
          );
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
      await waitFor("all events", () => events.length >= writers * (writes + 1));
      const byKey = Map.groupBy(events, ({ key }) => key);
      expect(byKey.size).toBe(writers);
      for (const own of byKey.values()) {
        expect(own.map(({ object }) => object.status.retries)).toEqual([
          null,
          ...Array.from({ length: writes }, (_, index) => index + 1),
        ]);
        expect(own.every(({ object }) => object.spec.manifest.length === 1)).toBe(true);
      }
      expect(
        events.every(
          ({ revision }, index) => index === 0 || revision >= events[index - 1]!.revision,
        ),
      ).toBe(true);
      expect([...feed.objects.values()].every(({ status }) => status.retries === writes)).toBe(
        true,
      );
    }, 120_000);

    it("resumes after a revision without a gap and without telling anything twice", async () => {
      await feed.ready();
      const whole = listenTo(feed);
      const app = await create("a");
      for (let index = 1; index <= 20; index += 1) await setRetries(app, index);
      await waitFor("all events", () => whole.length === 21);
      const { revision } = whole[10]!;
      const resumed = listenTo(feed, revision);
      await setRetries(app, 21);
      await waitFor("the last event", () => resumed.at(-1)?.object.status.retries === 21);
      expect(resumed.map(({ object }) => object.status.retries)).toEqual([
        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
      ]);
    });

    it("does not tell again what a list held that was ahead of it", async () => {
      await feed.ready();
      const app = await create("a");
      const { revision, items } = await apps.list();
      // Nothing was awaited since: the feed may not have seen the creation yet.
      const events = listenTo(feed, revision);
      await setRetries(app, 1);
      await waitFor("the change", () => events.length > 0);
      expect(items).toHaveLength(1);
      expect(lines(events)).toEqual([`MODIFIED ${namespace}/a`]);
    });

    it("tells those who come back too late to list again", async () => {
      await create("a");
      await feed.ready();
      expect(() => feed.listen(() => undefined, feed.revision - 1n)).toThrow("list again");
      expect(() => feed.listen(() => undefined, feed.revision)).not.toThrow();
    });

    it("that was cut off too long lists again, and tells all that is different by then", async () => {
      const line = cutLine(bench.store);
      const parts = { ...bench.resources.parts, store: line.store };
      await using resources = new Resources(parts, silentLog);
      const cut = resources.feed(ApplicationKind);
      const [changed, , reborn] = [
        await create("changed"),
        await create("gone"),
        await create("reborn"),
      ];
      await create("same");
      await cut.ready();
      const events = listenTo(cut);
      const early = cut.revision;
      line.cut();
      await setRetries(changed, 1);
      await apps.remove({ namespace, name: "gone" }, { force: true });
      await apps.remove({ namespace, name: "reborn" }, { force: true });
      const second = await create("reborn");
      await create("new");
      line.mend();
      await waitFor("the differences", () => events.length >= 5);
      expect(lines(events).toSorted()).toEqual(
        ["ADDED new", "ADDED reborn", "DELETED gone", "DELETED reborn", "MODIFIED changed"].map(
          (text) => text.replace(" ", ` ${namespace}/`),
        ),
      );
      const lives = events.filter(({ key }) => key.endsWith("/reborn"));
      expect(lives.map(({ type, object }) => [type, object.metadata.uid])).toEqual([
        ["DELETED", reborn.metadata.uid],
        ["ADDED", second.metadata.uid],
      ]);
      expect(() => cut.listen(() => undefined, early)).toThrow("list again");
      expect([...cut.objects.keys()].toSorted()).toEqual(
        ["changed", "new", "reborn", "same"].map((name) => `${namespace}/${name}`),
      );
    });

    it("tells a second life under one name as an end and a beginning", async () => {
      await feed.ready();
      const events = listenTo(feed);
      const first = await create("a");
      await apps.remove({ namespace, name: "a" }, { force: true });
      const second = await create("a");
      await waitFor("both lives", () => events.length === 3);
      expect(lines(events)).toEqual(
        ["ADDED", "DELETED", "ADDED"].map((type) => `${type} ${namespace}/a`),
      );
      expect([events[0], events[2]].map((event) => event?.object.metadata.uid)).toEqual([
        first.metadata.uid,
        second.metadata.uid,
      ]);
    });

    it("keeps the events from nobody when one listener fails", async () => {
      await feed.ready();
      feed.listen(() => {
        throw new Error("this listener is broken");
      });
      const events = listenTo(feed);
      await create("a");
      await create("b");
      await waitFor("both", () => events.length === 2);
      expect(bench.logged()).toContain("this listener is broken");
      expect(bench.logged()).not.toContain("feed lists again");
    });

    it("goes on when a record cannot be read, at its start and later, and takes it in when it is mended", async () => {
      const key = (name: string, part: string) =>
        `/registry/kubernetes/applications/${namespace}/${name}/${part}`;
      const spoil = async (place: string, text: string): Promise<void> => {
        await bench.store.commit([], [{ key: place, value: Buffer.from(text) }]);
      };
      await create("bad");
      const good = (await bench.store.get(key("bad", "object")))!.value;
      await spoil(key("bad", "object"), "{");
      await create("a");
      await feed.ready();
      expect([...feed.objects.keys()]).toEqual([`${namespace}/a`]);
      const events = listenTo(feed);
      await create("b");
      await spoil(key("b", "status"), JSON.stringify({ v: 99, status: {} }));
      await bench.store.commit([], [{ key: key("bad", "object"), value: good }]);
      await create("c");
      await waitFor("the last", () => events.at(-1)?.key === `${namespace}/c`);
      expect(lines(events)).toEqual([
        `ADDED ${namespace}/b`,
        `DELETED ${namespace}/b`,
        `ADDED ${namespace}/bad`,
        `ADDED ${namespace}/c`,
      ]);
      expect(bench.logged()).not.toContain("feed lists again");
      expect(await codeOf(apps.list())).toBeUndefined();
    });
  });
}

/** A store whose watches can be held up until what they missed is no longer kept. */
function cutLine(store: Store): { readonly store: Store; cut(): void; mend(): void } {
  let mended: PromiseWithResolvers<void> | undefined;
  const watch: Store["watch"] = async function* (prefix, after, signal) {
    for await (const batch of store.watch(prefix, after, signal)) {
      if (mended !== undefined) {
        await mended.promise;
        mended = undefined;
        throw failure("Compacted", `revision ${after} is no longer kept`);
      }
      yield batch;
    }
  };
  const parts: Store = {
    get: (key) => store.get(key),
    list: (prefix, page) => store.list(prefix, page),
    commit: (guards, writes) => store.commit(guards, writes),
    compact: (before) => store.compact(before),
    lease: (ttlMs) => store.lease(ttlMs),
    watch,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return {
    store: parts,
    cut() {
      mended = Promise.withResolvers();
    },
    mend: () => mended?.resolve(),
  };
}
