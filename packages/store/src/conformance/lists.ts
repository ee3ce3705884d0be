import { limits } from "@octoplane/shared/limits";
import { expect, test } from "vitest";
import type { Entry, Listing, Store, Write } from "../store.ts";
import { codeOf, put, type Open } from "./harness.ts";

export function listChapter(open: Open): void {
  test("a list holds the keys of the prefix in the order of their bytes", async () => {
    const { store, prefix } = await open();
    const names = ["a", "a/b", "ab", "Z", "é", "\u{1f419}", "\uffee", "a\u0001"];
    await store.commit(
      [],
      names.map((name) => put(prefix + name, name)),
    );
    const sorted = names.toSorted((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
    const { entries, more } = await store.list(prefix);
    expect(entries.map(({ key }) => key.slice(prefix.length))).toEqual(sorted);
    expect(more).toBe(false);
    const below = await store.list(`${prefix}a`);
    expect(below.entries).toHaveLength(4);
  });

  test("a list of keys only is the same list without its values, in pages and at an older revision too", async () => {
    const { store, prefix } = await open();
    const keys = Array.from({ length: 5 }, (_, number) => `${prefix}${number}`);
    for (const key of keys) await store.commit([], [put(key, "old")]);
    const { revision } = await store.list(prefix);
    await store.commit([], [put(keys[1]!, "new"), { key: keys[2]!, remove: true }]);
    for (const page of [
      {},
      { at: revision },
      { limit: 2 },
      { limit: 2, after: keys[1]!, at: revision },
    ]) {
      const whole = await store.list(prefix, page);
      const bare = await store.list(prefix, { ...page, keysOnly: true });
      const withoutValues = whole.entries.map((entry) => ({ ...entry, value: Buffer.alloc(0) }));
      expect({ ...bare, entries: bare.entries.map(plain) }).toEqual({
        ...whole,
        entries: withoutValues.map(plain),
      });
    }
  });

  test("a prefix without keys is an empty list at a revision", async () => {
    const { store, prefix } = await open();
    const written = await store.commit([], [put(`${prefix}a`, "1")]);
    const listing = await store.list(`${prefix}none/`);
    expect(listing).toMatchObject({ entries: [], more: false });
    expect(listing.revision).toBeGreaterThanOrEqual(written);
    expect(await store.list(`${prefix}none/`, { at: listing.revision })).toEqual(listing);
  });

  test("the pages of a list are true at one revision while others write", async () => {
    const { store, prefix } = await open();
    const keys = Array.from({ length: 40 }, (_, number) => `${prefix}${100 + number}`);
    await store.commit(
      [],
      keys.map((key) => put(key, "old")),
    );
    const first = await store.list(prefix, { limit: 7 });
    const entries: Entry[] = [...first.entries];
    for (let page: Listing = first, turn = 0; page.more; turn += 1) {
      await disturb(store, prefix, turn);
      page = await store.list(prefix, {
        limit: 7,
        after: entries.at(-1)!.key,
        at: first.revision,
      });
      expect(page.revision).toBe(first.revision);
      entries.push(...page.entries);
    }
    expect(entries.map(({ key }) => key)).toEqual(keys);
    expect(new Set(entries.map(({ value }) => Buffer.from(value).toString()))).toEqual(
      new Set(["old"]),
    );
    expect(entries.every((entry) => entry.created === entry.revision)).toBe(true);
  });

  test("a list at an older revision is what the newest list was then", async () => {
    const { store, prefix } = await open();
    const seen: Listing[] = [];
    for (let step = 0; step < 30; step += 1) {
      const key = `${prefix}${(step * 7) % 5}`;
      const write: Write = step % 4 === 3 ? { key, remove: true } : put(key, `value ${step}`);
      await store.commit([], [write, put(`${prefix}last`, `${step}`)]);
      seen.push(await store.list(prefix));
    }
    for (const listing of seen) {
      expect(await store.list(prefix, { at: listing.revision })).toEqual(listing);
    }
  });

  test("a page that would be too many bytes holds fewer entries", async () => {
    const { store, prefix } = await open();
    const size = 700_000;
    for (let number = 0; number < 8; number += 1) {
      const value = new Uint8Array(size).fill(number);
      await store.commit([], [{ key: `${prefix}${number}`, value }]);
    }
    const page = await store.list(prefix, { limit: 8 });
    expect(page.more).toBe(true);
    expect(page.entries).toHaveLength(Math.floor(limits.pageBytesMax / size));
    expect((await store.list(prefix)).entries.map(({ value }) => value[0])).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  test("a list of 50,000 keys is whole, at once and in pages", { timeout: 60_000 }, async () => {
    const { store, prefix } = await open();
    const count = 50_000;
    await fill(store, prefix, count);
    const listing = await store.list(prefix);
    expect(listing.entries).toHaveLength(count);
    expect(new Set(listing.entries.map(({ key }) => key)).size).toBe(count);
    let entries = 0;
    let after: string | undefined;
    for (let more = true; more;) {
      const page = await store.list(prefix, {
        limit: limits.pageEntriesMax,
        at: listing.revision,
        ...(after !== undefined && { after }),
      });
      entries += page.entries.length;
      after = page.entries.at(-1)?.key;
      more = page.more;
    }
    expect(entries).toBe(count);
  });

  test("a list at a revision that was compacted says so", async () => {
    const { store, prefix } = await open();
    const old = await store.commit([], [put(`${prefix}a`, "1")]);
    const kept = await store.commit([], [put(`${prefix}a`, "2")]);
    await store.commit([], [put(`${prefix}a`, "3")]);
    await store.compact(kept);
    await store.compact(kept);
    expect(await codeOf(store.list(prefix, { at: old }))).toBe("Compacted");
    const { entries } = await store.list(prefix, { at: kept });
    expect(entries.map(({ value }) => Buffer.from(value).toString())).toEqual(["2"]);
    const newest = await store.list(prefix);
    expect(newest.entries.map(({ value }) => Buffer.from(value).toString())).toEqual(["3"]);
  });
}

async function disturb(store: Store, prefix: string, turn: number): Promise<void> {
  await store.commit(
    [],
    [
      put(`${prefix}${100 + turn * 3}`, `new ${turn}`),
      { key: `${prefix}${101 + turn * 3}`, remove: true },
      put(`${prefix}${100 + turn * 5}x`, `added ${turn}`),
    ],
  );
}

/** Keys with values of 100 bytes, 125 a commit. */
async function fill(store: Store, prefix: string, count: number): Promise<void> {
  const perCommit = 125;
  const commits = Array.from({ length: count / perCommit }, (_, commit) =>
    store.commit(
      [],
      Array.from({ length: perCommit }, (_unused, at): Write => {
        const number = commit * perCommit + at;
        return put(`${prefix}${String(number).padStart(6, "0")}`, `${number}`.padEnd(100, "."));
      }),
    ),
  );
  await Promise.all(commits);
}

function plain(entry: Entry): object {
  return { ...entry, value: Buffer.from(entry.value).toString() };
}
