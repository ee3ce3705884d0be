import { expect, test } from "vitest";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { Reload } from "./reload.ts";

function stage() {
  const clock = new VirtualClock();
  const applied: string[] = [];
  const problems: string[] = [];
  const files = { text: "one", error: "" };
  const reload = new Reload<{ readonly text: string }>({
    current: { text: "one" },
    intervalMs: 1_000,
    clock,
    read: async () => {
      if (files.error !== "") throw new Error(files.error);
      return { text: files.text };
    },
    apply: ({ text }) => void applied.push(text),
    onProblem: (problem) => void problems.push(problem),
  });
  /** Lets the timer ring, and waits for what it began. */
  const pass = async (): Promise<void> => {
    clock.advance(1_000);
    for (let turn = 0; turn < 20 && clock.nextInMs === undefined; turn += 1)
      await Promise.resolve();
    expect(clock.nextInMs).toBe(1_000);
  };
  return { clock, applied, problems, files, reload, pass };
}

test("what has changed is applied once, what has not never", async () => {
  const { applied, files, reload, pass } = stage();
  await pass();
  expect(applied).toEqual([]);
  files.text = "two";
  await pass();
  await pass();
  expect(applied).toEqual(["two"]);
  expect(reload.current).toEqual({ text: "two" });
});

test("a problem keeps what was read before, is told once, and again when it comes back", async () => {
  const { applied, problems, files, reload, pass } = stage();
  files.error = "gone";
  await pass();
  await pass();
  expect([problems, reload.current]).toEqual([["gone"], { text: "one" }]);
  files.error = "";
  await pass();
  files.error = "gone";
  await pass();
  expect(problems).toEqual(["gone", "gone"]);
  expect(applied).toEqual([]);
});

test("a look sees what the files hold when it is asked for, also while another is under way", async () => {
  const { applied, files, reload } = stage();
  const first = reload.look();
  files.text = "two";
  await reload.look();
  expect(applied).toEqual(["two"]);
  await first;
});

test("nothing is applied, and no timer is left, after the end", async () => {
  const { clock, applied, files, reload } = stage();
  files.text = "two";
  const looking = reload.look();
  reload[Symbol.dispose]();
  await looking;
  clock.advance(10_000);
  expect([applied, clock.nextInMs]).toEqual([[], undefined]);
});
