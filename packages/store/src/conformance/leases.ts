import { expect, test } from "vitest";
import { codeOf, lineOf, put, waitFor, Watcher, type Open } from "./harness.ts";

export function leaseChapter(open: Open): void {
  test("the keys of a lease that is not kept alive are removed", async () => {
    const { store, prefix } = await open();
    const lease = await store.lease(1_000);
    const revision = await store.commit([], [put(`${prefix}a`, "1", lease.id)]);
    await store.commit([], [put(`${prefix}b`, "stays")]);
    await using watcher = new Watcher(store, prefix, revision);
    await watcher.until(() => watcher.changes.some((change) => change.type === "remove"));
    expect(watcher.changes.map(lineOf)).toEqual([`put ${prefix}b stays`, `remove ${prefix}a`]);
    expect(await codeOf(lease.keepAlive())).toBe("NotFound");
    expect(await codeOf(store.commit([], [put(`${prefix}c`, "1", lease.id)]))).toBe("NotFound");
    expect(await store.get(`${prefix}c`)).toBeUndefined();
  });

  test("a lease that is kept alive outlives its time", async () => {
    const { store, prefix } = await open();
    const lease = await store.lease(1_000);
    await store.commit([], [put(`${prefix}a`, "1", lease.id)]);
    const start = performance.now();
    await waitFor(async () => {
      await lease.keepAlive();
      expect(await store.get(`${prefix}a`)).toBeDefined();
      return performance.now() - start > 2_000;
    }, "two seconds");
    await lease.revoke();
  });

  test("revoking a lease removes its keys at once", async () => {
    const { store, prefix } = await open();
    const lease = await store.lease(60_000);
    const keys = Array.from({ length: 150 }, (_, number) => `${prefix}${number}`);
    const some = keys.slice(0, 100).map((key) => put(key, "1", lease.id));
    await store.commit([], some);
    const others = keys.slice(100).map((key) => put(key, "1", lease.id));
    await store.commit([], others);
    await lease.revoke();
    expect((await store.list(prefix)).entries).toEqual([]);
    expect(await codeOf(lease.keepAlive())).toBe("NotFound");
    await lease.revoke();
  });

  test("a key that is written again without the lease is free of it", async () => {
    const { store, prefix } = await open();
    const lease = await store.lease(60_000);
    await store.commit([], [put(`${prefix}a`, "1", lease.id), put(`${prefix}b`, "1", lease.id)]);
    await store.commit([], [put(`${prefix}a`, "2")]);
    await lease.revoke();
    const { entries } = await store.list(prefix);
    expect(entries.map(({ key }) => key)).toEqual([`${prefix}a`]);
  });

  test("commits with an ended lease fail alone among those that arrive together", async () => {
    const { store, prefix } = await open();
    const lease = await store.lease(60_000);
    await lease.revoke();
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, number) => {
        const id = number % 10 === 0 ? lease.id : undefined;
        return codeOf(store.commit([], [put(`${prefix}${number}`, "1", id)]));
      }),
    );
    expect(outcomes.filter((code) => code === "NotFound")).toHaveLength(3);
    expect(outcomes.filter((code) => code === undefined)).toHaveLength(27);
  });

  test("a time that is not above zero is refused", async () => {
    const { store } = await open();
    expect(await codeOf(store.lease(0))).toBe("Invalid");
  });
}
