import { expect, test } from "vitest";
import { WatchBuffer } from "./watch-buffer.ts";

function buffer(events: string[] = []): WatchBuffer<number> {
  return new WatchBuffer({
    most: 4,
    onFull: () => events.push("full"),
    onRoom: () => events.push("room"),
  });
}

test("items come out in the order they went in, before the end", async () => {
  const queue = buffer();
  queue.push(1, 1);
  queue.push(2, 1);
  queue.finish();
  queue.push(3, 1);
  expect([await queue.next(), await queue.next(), await queue.next()]).toEqual([1, 2, undefined]);
});

test("a reader that waits is woken by an item and by the end", async () => {
  const queue = buffer();
  const first = queue.next();
  queue.push(1, 1);
  expect(await first).toBe(1);
  const second = queue.next();
  queue.finish(new Error("lost"));
  await expect(second).rejects.toThrow("lost");
});

test("the source is stopped when it is full and goes on when half of it is read", async () => {
  const events: string[] = [];
  const queue = buffer(events);
  for (let item = 0; item < 6; item += 1) queue.push(item, 1);
  expect(events).toEqual(["full"]);
  for (let item = 0; item < 3; item += 1) await queue.next();
  expect(events).toEqual(["full"]);
  await queue.next();
  expect(events).toEqual(["full", "room"]);
});
