import { expect, test } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { commandDetail } from "./audit-detail.ts";

test.each([
  [["ls", "-l", "/data"], "ls -l /data"],
  [["sh", "-c", "echo one two"], 'sh -c "echo one two"'],
  [["env", "PGPASSWORD=hunter2", "psql"], "env PGPASSWORD=… psql"],
  [["sh", "-c", "TOKEN='a b' KEY=c curl x; echo d"], 'sh -c "TOKEN=… KEY=… curl x; echo d"'],
  [["tool", "--password=hunter2"], "tool --password=…"],
])("%j is told as %s", (words, told) => {
  expect(commandDetail(words)).toBe(told);
});

test("a command is told up to a limit", () => {
  expect(commandDetail(["x".repeat(9_999)])).toHaveLength(limits.auditDetailCharsMax);
});
