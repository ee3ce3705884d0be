import { describe, expect, it } from "vitest";
import { parseKrakeKey } from "./krake-key.ts";
import { readTime } from "./krake-object.ts";

describe("Krake's keys", () => {
  it("name a kind and a place", () => {
    expect(parseKrakeKey("/core/roles/system:admin")).toMatchObject({
      kind: { kind: "Role" },
      ref: { name: "system:admin" },
    });
    expect(parseKrakeKey("/kubernetes/applications/team/echo")).toMatchObject({
      kind: { kind: "Application" },
      ref: { namespace: "team", name: "echo" },
    });
  });

  it.each([
    "",
    "/",
    "/core/roles",
    "/core/roles/a/b",
    "/kubernetes/applications/echo",
    "/kubernetes/applications/team/echo/object",
    "/kubernetes/roles/a",
    "core/roles/a",
    "/registry/core/roles/a",
  ])("%s is none", (key) => {
    expect(parseKrakeKey(key)).toBeUndefined();
  });
});

describe("times of Python", () => {
  it.each([
    ["2024-02-29T08:15:30.123456+00:00", "2024-02-29T08:15:30.123Z"],
    ["2024-02-29T10:15:30+02:00", "2024-02-29T08:15:30.000Z"],
    ["2024-02-29T08:15:30.5", "2024-02-29T08:15:30.500Z"],
    ["2024-02-29T08:15:30Z", "2024-02-29T08:15:30.000Z"],
  ])("%s is %s", (text, time) => {
    expect(readTime(text)).toBe(time);
  });

  it("none is null, and what is no time is told", () => {
    expect(readTime(null)).toBeNull();
    expect(readTime(undefined)).toBeNull();
    for (const value of ["yesterday", "2024", "2024-13-01T00:00:00", 17, {}]) {
      expect(readTime(value)).toBeUndefined();
    }
  });
});
