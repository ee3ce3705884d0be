import { describe, expect, it } from "vitest";
import { statusFailure } from "./kube-failure.ts";
import type { KubeObject } from "./kube.ts";
import { repairObject } from "./repair-object.ts";

/** Messages as kubernetes 1.36 writes them. */
function refusalOf(...problems: readonly string[]): ReturnType<typeof statusFailure> {
  const list = problems.length === 1 ? problems[0] : `errors:\n  ${problems.join("\n  ")}`;
  const message = `failed to create typed patch object (/a; apps/v1, Kind=Deployment): ${list}`;
  return statusFailure({ message, reason: "InternalError" }, 500);
}

function objectWith(spec: object): KubeObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec };
}

const unknown = "field not declared in schema";

describe("a refused apply", () => {
  it.each<[string, object, object, string]>([
    [".spec.colour", { colour: 1, size: 2 }, { size: 2 }, "spec.colour"],
    [
      ".spec.m.x.y/z.b",
      { m: { "x.y/z": { a: 1, b: 2 } } },
      { m: { "x.y/z": { a: 1 } } },
      "spec.m.x.y/z.b",
    ],
    [".spec.m.x.y", { m: { x: { z: 1 }, "x.y": 1 } }, { m: { x: { z: 1 } } }, "spec.m.x.y"],
    [".spec.l[1].b", { l: [{ b: 1 }, { b: 1 }] }, { l: [{ b: 1 }, {}] }, "spec.l[1].b"],
    [
      '.spec.l[name="a]b"].ports[containerPort=80,protocol="TCP"].x',
      { l: [{ name: "c" }, { name: "a]b", ports: [{ containerPort: 80, x: 1 }] }] },
      { l: [{ name: "c" }, { name: "a]b", ports: [{ containerPort: 80 }] }] },
      "spec.l[1].ports[0].x",
    ],
  ])("because of the unknown field %s is tried without it", (path, spec, expected, named) => {
    const object = objectWith(spec);
    const before = structuredClone(object);
    expect(repairObject(object, refusalOf(`${path}: ${unknown}`))).toEqual({
      object: objectWith(expected),
      warnings: [`unknown field "${named}"`],
    });
    expect(object).toEqual(before);
  });

  it("because of several of them is tried without all", () => {
    const object = objectWith({ a: 1, b: 2, c: 3 });
    const error = refusalOf(`.spec.a: ${unknown}`, `.spec.b: ${unknown}`);
    expect(repairObject(object, error)?.object).toEqual(objectWith({ c: 3 }));
  });

  it("because of a variable that comes twice is tried with the last value first", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "B", value: "$(A)-x" },
      { name: "A", value: "2" },
    ];
    const error = refusalOf('.spec.l[name="c"].env: duplicate entries for key [name="A"]');
    expect(repairObject(objectWith({ l: [{ name: "c", env }] }), error)).toEqual({
      object: objectWith({ l: [{ name: "c", env: [env[2], env[1]] }] }),
      warnings: ['duplicate name="A" in "spec.l[0].env": only the last counts'],
    });
  });

  it.each([
    ".spec.replicas: expected numeric (int or float), got string",
    '.spec.l: duplicate entries for key [name="main"]',
    `.spec.nowhere: ${unknown}`,
    `.spec.l[name="b"].x: ${unknown}`,
    "something else",
  ])("because of %s is for the author to change", (problem) => {
    const error = refusalOf(problem);
    expect(error).toMatchObject({ status: 500, reason: "Invalid", retry: false });
    expect(repairObject(objectWith({ replicas: "x", l: [{ name: "a", x: 1 }] }), error)).toBe(
      undefined,
    );
  });

  it("because its object cannot be converted is not tried again", () => {
    const message =
      "failed to convert new object (/a; apps/v1, Kind=Deployment) to proper version: no";
    const error = statusFailure({ message, reason: "InternalError" }, 500);
    expect(error).toMatchObject({ reason: "Invalid", retry: false, causes: [] });
    expect(repairObject(objectWith({}), error)).toBeUndefined();
  });

  it("for any other reason is left alone", () => {
    const causes = [{ field: "spec.a", message: unknown }];
    const error = statusFailure({ message: "no", reason: "Forbidden", details: { causes } }, 403);
    expect(repairObject(objectWith({ a: 1 }), error)).toBeUndefined();
  });
});
