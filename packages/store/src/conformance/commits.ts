import { expect, test } from "vitest";
import type { Revision } from "../store.ts";
import { codeOf, put, text, type Open } from "./harness.ts";

export function commitChapter(open: Open): void {
  test("what was committed is read back with the revision of its commit", async () => {
    const { store, prefix } = await open();
    const revision = await store.commit([], [put(`${prefix}a`, "1")]);
    const entry = await store.get(`${prefix}a`);
    expect(entry).toMatchObject({ key: `${prefix}a`, revision, created: revision });
    expect([...entry!.value]).toEqual([...text("1")]);
    expect(await store.get(`${prefix}b`)).toBeUndefined();
  });

  test("an empty value and bytes that are no text come back as they were", async () => {
    const { store, prefix } = await open();
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await store.commit(
      [],
      [
        { key: `${prefix}empty`, value: new Uint8Array() },
        { key: `${prefix}every`, value: every },
      ],
    );
    expect((await store.get(`${prefix}empty`))?.value).toHaveLength(0);
    expect([...(await store.get(`${prefix}every`))!.value]).toEqual([...every]);
  });

  test("a guard on absence refuses a second create", async () => {
    const { store, prefix } = await open();
    const key = `${prefix}a`;
    await store.commit([{ key, revision: 0n }], [put(key, "1")]);
    expect(await codeOf(store.commit([{ key, revision: 0n }], [put(key, "2")]))).toBe("Conflict");
    expect(Buffer.from((await store.get(key))!.value).toString()).toBe("1");
  });

  test("a stale guard refuses every write of the commit", async () => {
    const { store, prefix } = await open();
    const [key, other] = [`${prefix}a`, `${prefix}b`];
    const old = await store.commit([], [put(key, "1")]);
    await store.commit([], [put(key, "2")]);
    const late = store.commit([{ key, revision: old }], [put(other, "x"), put(key, "3")]);
    expect(await codeOf(late)).toBe("Conflict");
    expect(await store.get(other)).toBeUndefined();
  });

  test("a commit without writes checks its guards and changes nothing", async () => {
    const { store, prefix } = await open();
    const key = `${prefix}a`;
    const revision = await store.commit([], [put(key, "1")]);
    expect(await store.commit([{ key, revision }], [])).toBeGreaterThanOrEqual(revision);
    expect(await codeOf(store.commit([{ key, revision: 0n }], []))).toBe("Conflict");
    expect((await store.get(key))?.revision).toBe(revision);
  });

  test("writes of one commit share one revision, and revisions only grow", async () => {
    const { store, prefix } = await open();
    const keys = Array.from({ length: 100 }, (_, number) => `${prefix}${number}`);
    const first = await store.commit(
      [],
      keys.map((key) => put(key, "1")),
    );
    const { entries } = await store.list(prefix);
    expect(new Set(entries.map(({ revision }) => revision))).toEqual(new Set([first]));
    expect(await store.commit([], [put(keys[0]!, "2")])).toBeGreaterThan(first);
  });

  test("a key that is written again keeps the revision it was created at", async () => {
    const { store, prefix } = await open();
    const key = `${prefix}a`;
    const created = await store.commit([], [put(key, "1")]);
    const revision = await store.commit([{ key, revision: created }], [put(key, "2")]);
    expect(await store.get(key)).toMatchObject({ created, revision });
    await store.commit([], [{ key, remove: true }]);
    const again = await store.commit([{ key, revision: 0n }], [put(key, "3")]);
    expect(await store.get(key)).toMatchObject({ created: again, revision: again });
  });

  test("removing what is not there is no change", async () => {
    const { store, prefix } = await open();
    const before = await store.commit([], [put(`${prefix}a`, "1")]);
    await store.commit([], [{ key: `${prefix}b`, remove: true }]);
    expect((await store.list(prefix)).entries.map(({ key }) => key)).toEqual([`${prefix}a`]);
    expect((await store.get(`${prefix}a`))?.revision).toBe(before);
  });

  test("of twenty racing guarded writers one wins", async () => {
    const { store, prefix } = await open();
    const key = `${prefix}a`;
    let revision: Revision = 0n;
    for (let round = 0; round < 5; round += 1) {
      const guards = [{ key, revision }];
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          codeOf(store.commit(guards, [put(key, `${round}/${writer}`)])),
        ),
      );
      expect(outcomes.filter((code) => code === undefined)).toHaveLength(1);
      expect(outcomes.filter((code) => code === "Conflict")).toHaveLength(19);
      revision = (await store.get(key))!.revision;
    }
  });

  test("of two commits that guard what the other writes one wins", async () => {
    const { store, prefix } = await open();
    for (let round = 0; round < 20; round += 1) {
      const [left, right] = [`${prefix}${round}/left`, `${prefix}${round}/right`];
      const outcomes = await Promise.all([
        codeOf(store.commit([{ key: left, revision: 0n }], [put(right, "1")])),
        codeOf(store.commit([{ key: right, revision: 0n }], [put(left, "1")])),
      ]);
      expect(new Set(outcomes)).toEqual(new Set(["Conflict", undefined]));
    }
  });

  test("commits that arrive together succeed and fail each alone", async () => {
    const { store, prefix } = await open();
    await store.commit([], [put(`${prefix}3`, "there"), put(`${prefix}7`, "there")]);
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, number) => {
        const key = `${prefix}${number}`;
        return codeOf(store.commit([{ key, revision: 0n }], [put(key, "new")]));
      }),
    );
    const failed = outcomes.flatMap((code, number) => (code === "Conflict" ? [number] : []));
    expect(failed).toEqual([3, 7]);
    expect((await store.list(prefix)).entries).toHaveLength(300);
  });

  test("of steps that many writers add under guards none is lost and none is there twice", async () => {
    const { store, prefix } = await open();
    // A writer whose commit ended in doubt finds its own step there; that others have written since does not hide it.
    const add = async (key: string, step: number): Promise<void> => {
      for (;;) {
        const entry = await store.get(key);
        const steps = entry ? Buffer.from(entry.value).toString().split(" ").map(Number) : [];
        if (steps.includes(step)) return;
        const guards = [{ key, revision: entry?.revision ?? 0n }];
        await codeOf(store.commit(guards, [put(key, [...steps, step].join(" "))]));
      }
    };
    const all = Array.from({ length: 60 }, (_, step) => step);
    await Promise.all(all.map((step) => add(`${prefix}${step % 3}`, step)));
    const { entries } = await store.list(prefix);
    const found = entries.map(({ value }) => Buffer.from(value).toString().split(" ").map(Number));
    const inOrder = found.map((steps) => steps.toSorted((a, b) => a - b));
    expect(inOrder).toEqual([0, 1, 2].map((rest) => all.filter((step) => step % 3 === rest)));
  });
}
