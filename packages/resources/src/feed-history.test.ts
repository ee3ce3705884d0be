import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { FeedHistory } from "./feed-history.ts";

const event = (revision: number) => ({ revision: BigInt(revision) });

test("a history tells what came after a revision, as far back as it reaches", () => {
  const history = new FeedHistory();
  history.beginAt(10n);
  history.remember([event(11), event(12)], 5);
  expect(history.after(11n)).toEqual([event(12)]);
  expect([history.reaches(9n), history.reaches(10n)]).toEqual([false, true]);
});

test.each([
  ["many small events", 1, limits.feedHistoryMax],
  ["few large ones", 4 * 1024 * 1024, limits.feedHistoryCharsMax / (4 * 1024 * 1024)],
])("of %s the newest are kept, and what is gone is known", (_what, chars, kept) => {
  const history = new FeedHistory();
  const last = Math.ceil(kept * 3);
  for (let revision = 1; revision <= last; revision += 1)
    history.remember([event(revision)], chars);
  const found = history.after(0n);
  expect(found.length).toBeLessThanOrEqual(kept * 1.25);
  expect(found.length).toBeGreaterThanOrEqual(Math.floor(kept) - 1);
  expect(found.at(-1)).toEqual(event(last));
  const oldest = found[0]!.revision;
  expect([history.reaches(oldest - 1n), history.reaches(oldest - 2n)]).toEqual([true, false]);
});

test("one event that is larger than all may be does not stay", () => {
  const history = new FeedHistory();
  history.remember([event(1)], limits.feedHistoryCharsMax * 2);
  expect(history.after(0n)).toEqual([]);
  expect([history.reaches(0n), history.reaches(1n)]).toEqual([false, true]);
});
