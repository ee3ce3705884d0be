import { describe, expect, it } from "vitest";
import { ApplicationKind } from "./application.ts";
import { fieldsMatch, parseFieldSelector } from "./field-selector.ts";
import { anyKind, type AnyResource } from "./kind.ts";
import { RoleKind } from "./role.ts";

const applications = anyKind(ApplicationKind);

const resource = {
  api: "kubernetes",
  kind: "Application",
  metadata: { name: "web", namespace: "team" },
  status: { state: "RUNNING" },
} as unknown as AnyResource;

describe("a field selector", () => {
  it.each([
    ["", true],
    ["metadata.name=web", true],
    ["metadata.name == other", false],
    ["metadata.namespace!=team", false],
    ["metadata.name=web,status.state=RUNNING", true],
    ["metadata.name=web, status.state!=RUNNING", false],
  ])("%j is %s", (text, expected) => {
    const parsed = parseFieldSelector(applications, text);
    expect(parsed.ok && fieldsMatch(parsed.constraint, resource)).toBe(expected);
  });

  it.each([
    ["spec.backoff=1", 0],
    ["metadata.name", 13],
    ["metadata.name in (a)", 14],
    ["metadata.name=", 14],
    ["metadata.name=a,", 16],
    ["metadata.name=a b", 16],
    ["!metadata.name", 0],
  ])("%j is wrong at %i", (text, at) => {
    expect(parseFieldSelector(applications, text)).toMatchObject({ ok: false, at });
  });

  it("knows only the fields that the kind has", () => {
    const kind = anyKind(RoleKind);
    expect(parseFieldSelector(kind, "metadata.name=a").ok).toBe(true);
    for (const text of ["metadata.namespace=a", "status.state=A"]) {
      const message = expect.stringContaining("expected a field of Role (metadata.name)");
      expect(parseFieldSelector(kind, text)).toMatchObject({ ok: false, at: 0, message });
    }
  });
});
