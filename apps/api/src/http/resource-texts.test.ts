import { expect, test } from "vitest";
import type { AnyResource } from "@octoplane/kinds/kind";
import { limits } from "@octoplane/shared/limits";
import { ResourceTexts } from "./resource-texts.ts";

const resource = (name: string, filling = ""): AnyResource =>
  ({ api: "core", kind: "Role", metadata: { name }, filling }) as unknown as AnyResource;

test("the text of a resource that may still change is made anew each time", () => {
  const texts = new ResourceTexts();
  const open = resource("a") as { filling: unknown } & AnyResource;
  expect(texts.of(open)).toBe(JSON.stringify(open));
  open.filling = "changed";
  expect(JSON.parse(texts.of(open))).toMatchObject({ filling: "changed" });
});

test("whatever is asked for, the texts are right, and what is kept stays bounded", () => {
  const texts = new ResourceTexts();
  const filling = "x".repeat(limits.resourceTextCharsMax / 8);
  const all = Array.from({ length: 20 }, (_, index) =>
    Object.freeze(resource(`${index}`, filling)),
  );
  for (const one of [...all, ...all.toReversed()]) expect(texts.of(one)).toBe(JSON.stringify(one));
});
