import { describe, expect, test } from "vitest";
import { kinds } from "@octoplane/kinds/registry";
import { findKind, readNamed } from "./kind-names.ts";
import { nearNames } from "@octoplane/shared/near-names";

describe("kinds are found", () => {
  const cases: readonly (readonly [text: string, kind: string])[] = [
    ["app", "Application"],
    ["APPS", "Application"],
    ["Applications", "Application"],
    ["kube/app", "Application"],
    ["cluster", "Cluster"],
    ["clusters", "Cluster"],
    ["kubernetes/cluster", "Cluster"],
    ["openstack/cluster", "MagnumCluster"],
    ["os/clusters", "MagnumCluster"],
    ["magnumcluster", "MagnumCluster"],
    ["gip", "GlobalInfrastructureProvider"],
    ["gmp", "GlobalMetricsProvider"],
    ["RoleBinding", "RoleBinding"],
  ];
  for (const [text, kind] of cases) {
    test(`${text} is ${kind}`, () => expect(findKind(kinds, text).kind).toBe(kind));
  }

  test("every kind by its own name, in its own part of the API too", () => {
    for (const kind of kinds) {
      expect(findKind(kinds, kind.kind)).toBe(kind);
      expect(findKind(kinds, `${kind.api}/${kind.plural}`)).toBe(kind);
    }
  });

  test("no two kinds answer to one plain name", () => {
    const names = kinds.flatMap(({ kind, plural, aliases }) => [
      kind.toLowerCase(),
      plural,
      ...aliases,
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("what is mistyped gets a suggestion", () => {
    expect(() => findKind(kinds, "clutser")).toThrow(/did you mean cluster\?/);
    expect(() => findKind(kinds, "core/app")).toThrow(/there is no kind "core\/app"/);
  });
});

test("objects are named by kind and names, by pairs, or several kinds at once", () => {
  const told = (words: string): unknown =>
    readNamed(kinds, words.split(" ")).map(({ kind, names }) => [kind.plural, ...names]);
  expect(told("app web db")).toEqual([["applications", "web", "db"]]);
  expect(told("app/web app/db cluster/c")).toEqual([
    ["applications", "web", "db"],
    ["clusters", "c"],
  ]);
  expect(told("openstack/cluster/x")).toEqual([["magnumclusters", "x"]]);
  expect(told("role/role:system")).toEqual([["roles", "role:system"]]);
  expect(told("app,cluster")).toEqual([["applications"], ["clusters"]]);
  expect(() => told("app/web db")).toThrow(/expected KIND\/NAME/);
  expect(() => told("app,cluster web")).toThrow(/one kind only/);
});

test("near names are near, and only the nearest", () => {
  expect(nearNames("lsit", ["list", "get"])).toEqual(["list"]);
  expect(nearNames("xyz", ["list", "get"])).toEqual([]);
});
