import { expect, it } from "vitest";
import { SharedWork } from "./shared-work.ts";

/** Work whose every run waits to be told its outcome. */
function openWork(): {
  readonly runs: PromiseWithResolvers<string>[];
  readonly work: SharedWork<string>;
} {
  const runs: PromiseWithResolvers<string>[] = [];
  const work = new SharedWork<string>(() => {
    const run = Promise.withResolvers<string>();
    runs.push(run);
    return run.promise;
  });
  return { runs, work };
}

it("callers at the same time share one run, and later ones its value", async () => {
  const { runs, work } = openWork();
  const both = Promise.all([work.get(false), work.get(false)]);
  runs[0]?.resolve("a");
  expect(await both).toEqual(["a", "a"]);
  expect(await work.get(false)).toBe("a");
  expect(runs).toHaveLength(1);
});

it("a refresh gives the outcome of a run that began after it, shared with others", async () => {
  const { runs, work } = openWork();
  const early = work.get(false);
  const refreshes = Promise.all([work.get(true), work.get(true)]);
  runs[0]?.resolve("old");
  expect(await early).toBe("old");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve("new");
  expect(await refreshes).toEqual(["new", "new"]);
  expect(await work.get(false)).toBe("new");
});

it("a failure is not kept, and does not stop a refresh", async () => {
  const { runs, work } = openWork();
  const failing = work.get(false);
  const refresh = work.get(true);
  runs[0]?.reject(new Error("down"));
  await expect(failing).rejects.toThrow("down");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.reject(new Error("still down"));
  await expect(refresh).rejects.toThrow("still down");
  const third = work.get(false);
  runs[2]?.resolve("whole");
  expect(await third).toBe("whole");
});
