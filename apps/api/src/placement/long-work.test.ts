import { EventEmitter } from "node:events";
import type { FastifyReply } from "fastify";
import { expect, it } from "vitest";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { LongWork, type Turns } from "./long-work.ts";

/** A server whose clock is moved by hand, and a client that may go. */
function scene() {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, after: () => () => undefined };
  const headers = new Map<string, string>();
  const raw = new EventEmitter();
  const header = (name: string, value: string): unknown => headers.set(name, value);
  const reply = { raw, header } as unknown as FastifyReply;
  const closing = new AbortController();
  const work = new LongWork(clock, limits.plansAtOnceMax);
  const run = <T>(task: (turns: Turns) => Promise<T>) =>
    work.run({ reply, closing: closing.signal }, task);
  return { run, headers, raw, closing, pass: (ms: number) => (now += ms) };
}

it("lets a few questions be answered at once, and asks the others to come again", async () => {
  const { run, headers } = scene();
  const ends = Array.from({ length: limits.plansAtOnceMax }, () => Promise.withResolvers<void>());
  const running = ends.map(({ promise }) => run(async () => await promise));
  const refused = await run(async () => 1).catch((error: unknown) => error);
  expect(isFailure(refused, "TooManyRequests")).toBe(true);
  expect(headers.get("retry-after")).toBe("1");
  ends[0]!.resolve();
  await running[0];
  expect(await run(async () => 1)).toBe(1);
  for (const { resolve } of ends) resolve();
  await Promise.all(running);
});

it("gives others their turn after some milliseconds, and not before", async () => {
  const { run, pass } = scene();
  let turned = 0;
  const other = (): void => void setImmediate(() => (turned += 1));
  await run(async (turns) => {
    other();
    await turns.next();
    expect(turned).toBe(0);
    pass(limits.planSliceMs);
    await turns.next();
    expect(turned).toBe(1);
  });
});

it.each(["the client goes", "the server closes"])("ends when %s", async (why) => {
  const { run, pass, raw, closing } = scene();
  let steps = 0;
  const endless = run(async (turns) => {
    for (;;) {
      steps += 1;
      if (steps === 3 && why === "the client goes") raw.emit("close");
      if (steps === 3 && why === "the server closes") closing.abort();
      pass(limits.planSliceMs);
      await turns.next();
    }
  });
  expect(isFailure(await endless.catch((error: unknown) => error), "Unavailable")).toBe(true);
  expect(steps).toBe(3);
  expect(raw.listenerCount("close")).toBe(0);
});
