import { expect, it } from "vitest";
import { SharedWork } from "./shared-work.ts";

/** Work whose every run waits to be told its outcome. */
function openWork(): {
  readonly runs: PromiseWithResolvers<{ value: string; keep: boolean }>[];
  readonly work: SharedWork<string>;
} {
  const runs: PromiseWithResolvers<{ value: string; keep: boolean }>[] = [];
  const work = new SharedWork<string>(() => {
    const run = Promise.withResolvers<{ value: string; keep: boolean }>();
    runs.push(run);
    return run.promise;
  });
  return { runs, work };
}

it("callers at the same time share one run, and later ones its value", async () => {
  const { runs, work } = openWork();
  const both = Promise.all([work.get(false), work.get(false)]);
  runs[0]?.resolve({ value: "a", keep: true });
  expect(await both).toEqual(["a", "a"]);
  expect(await work.get(false)).toBe("a");
  expect(runs).toHaveLength(1);
});

it("a refresh gives the outcome of a run that began after it, shared with others", async () => {
  const { runs, work } = openWork();
  const early = work.get(false);
  const refreshes = Promise.all([work.get(true), work.get(true)]);
  runs[0]?.resolve({ value: "old", keep: true });
  expect(await early).toBe("old");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve({ value: "new", keep: true });
  expect(await refreshes).toEqual(["new", "new"]);
  expect(await work.get(false)).toBe("new");
});

it("neither a failure nor an unwanted value is kept, and neither stops a refresh", async () => {
  const { runs, work } = openWork();
  const failing = work.get(false);
  const refresh = work.get(true);
  runs[0]?.reject(new Error("down"));
  await expect(failing).rejects.toThrow("down");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve({ value: "half", keep: false });
  expect(await refresh).toBe("half");
  const third = work.get(false);
  runs[2]?.resolve({ value: "whole", keep: true });
  expect(await third).toBe("whole");
});
