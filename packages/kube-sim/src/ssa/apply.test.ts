import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalJson, type JsonMap } from "../json.ts";
import { applyFields, type ApplyOutcome } from "./apply.ts";
import { builtinFieldType } from "./builtin-types.ts";
import { fieldSetOf, fromFieldsV1, pathsOf, toFieldsV1 } from "./field-set.ts";
import { granular, keyed, set, type FieldType } from "./field-type.ts";
import { managersAfterUpdate, type Identity, type Manager } from "./managers.ts";

const deployment = builtinFieldType("apps/deployments");

function writer(name: string, operation: "Apply" | "Update" = "Apply"): Identity {
  return { name, operation, apiVersion: "apps/v1", subresource: "", time: "2026-01-01T00:00:00Z" };
}

interface State {
  readonly live: JsonMap | undefined;
  readonly managers: readonly Manager[];
}

const nothing: State = { live: undefined, managers: [] };

function tryApply(
  state: State,
  name: string,
  config: JsonMap,
  options: { readonly type?: FieldType; readonly force?: boolean } = {},
): ApplyOutcome {
  return applyFields({
    live: state.live,
    config,
    type: options.type ?? deployment,
    managers: state.managers,
    applier: writer(name),
    force: options.force ?? false,
  });
}

function apply(...args: Parameters<typeof tryApply>): State {
  const outcome = tryApply(...args);
  if (outcome.conflicts !== undefined) throw new Error("unexpected conflict");
  return { live: outcome.merged, managers: outcome.managers };
}

function update(state: State, name: string, after: JsonMap, type = deployment): State {
  const change = { before: state.live, after, type };
  return {
    live: after,
    managers: managersAfterUpdate(state.managers, change, writer(name, "Update")),
  };
}

function pod(containers: readonly JsonMap[]): JsonMap {
  return { spec: { template: { spec: { containers } } } };
}

describe("applying", () => {
  test("keeps fields that somebody else set", () => {
    const before = apply(nothing, "a", { metadata: { labels: { one: "1" } } });
    const after = apply(before, "b", { metadata: { labels: { two: "2" } } });
    expect(after.live).toEqual({ metadata: { labels: { one: "1", two: "2" } } });
  });

  test("removes what the manager declared before and does not declare any more", () => {
    const before = apply(nothing, "a", { spec: { paused: true, replicas: 2 } });
    expect(apply(before, "a", { spec: { replicas: 2 } }).live).toEqual({ spec: { replicas: 2 } });
  });

  test("does not remove what another manager also declares", () => {
    const first = apply(nothing, "a", { spec: { paused: true, replicas: 2 } });
    const second = apply(first, "b", { spec: { paused: true } });
    expect(apply(second, "a", { spec: { replicas: 2 } }).live).toEqual(first.live);
  });

  test("refuses to change what another manager owns, and names the field", () => {
    const before = apply(nothing, "a", { spec: { replicas: 2 } });
    const outcome = tryApply(before, "b", { spec: { replicas: 3 } });
    expect(outcome.conflicts?.map(({ manager, paths }) => [manager.name, paths])).toEqual([
      ["a", [".spec.replicas"]],
    ]);
  });

  test("shares a field on whose value both agree", () => {
    const before = apply(nothing, "a", { spec: { replicas: 2 } });
    const after = apply(before, "b", { spec: { replicas: 2 } });
    expect(after.managers.map(({ name }) => name).toSorted()).toEqual(["a", "b"]);
  });

  test("takes a field over by force", () => {
    const before = apply(nothing, "a", { spec: { replicas: 2, paused: true } });
    const after = apply(before, "b", { spec: { replicas: 3 } }, { force: true });
    expect(after.live).toEqual({ spec: { replicas: 3, paused: true } });
    const owner = after.managers.find(({ name }) => name === "a");
    expect(pathsOf(owner!.fields)).toEqual([".spec.paused"]);
  });
});

describe("applying lists", () => {
  test("merges containers by name and leaves what a default filled in", () => {
    const first = apply(nothing, "a", pod([{ name: "web", image: "web:1" }]));
    const defaulted = { ...first, live: pod([{ name: "web", image: "web:1", tty: false }]) };
    const after = apply(defaulted, "a", pod([{ name: "web", image: "web:2" }]));
    expect(after.live).toEqual(pod([{ name: "web", image: "web:2", tty: false }]));
  });

  test("removes a whole container with its defaults", () => {
    const both = [
      { name: "web", image: "web:1" },
      { name: "side", image: "side:1" },
    ];
    const first = apply(nothing, "a", pod(both));
    const live = pod(both.map((container) => ({ ...container, tty: false })));
    const after = apply({ ...first, live }, "a", pod([{ name: "web", image: "web:1" }]));
    expect(after.live).toEqual(pod([{ name: "web", image: "web:1", tty: false }]));
  });

  test("keeps a container that is dropped while another manager owns a part of it", () => {
    const first = apply(nothing, "a", pod([{ name: "web", image: "web:1", workingDir: "/" }]));
    const second = apply(first, "b", pod([{ name: "web", tty: true }]));
    const after = apply(second, "a", { spec: { replicas: 1 } });
    expect(after.live).toEqual({
      spec: { replicas: 1, template: { spec: { containers: [{ name: "web", tty: true }] } } },
    });
  });

  test("tells ports of one number apart by their protocol", () => {
    const ports = [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }];
    const first = apply(nothing, "a", pod([{ name: "dns", ports }]));
    const after = apply(first, "a", pod([{ name: "dns", ports: [ports[1]] }]));
    expect(after.live).toEqual(pod([{ name: "dns", ports: [ports[1]] }]));
  });

  test("replaces an atomic list as a whole", () => {
    const first = apply(nothing, "a", pod([{ name: "web", args: ["a", "b"] }]));
    const after = apply(first, "a", pod([{ name: "web", args: ["c"] }]));
    expect(after.live).toEqual(pod([{ name: "web", args: ["c"] }]));
  });
});

describe("updating", () => {
  test("gives the changed fields to the writer and takes them from the others", () => {
    const before = apply(nothing, "a", { spec: { replicas: 2, paused: true } });
    const after = update(before, "scaler", { spec: { replicas: 5, paused: true } });
    const owned = after.managers.map(({ name, fields }) => [name, pathsOf(fields)]);
    expect(owned).toEqual([
      ["a", [".spec.paused"]],
      ["scaler", [".spec.replicas"]],
    ]);
    expect(tryApply(after, "a", { spec: { replicas: 2, paused: true } }).conflicts).toHaveLength(1);
  });

  test("gives a map to whoever fills it, and leaves alone what is empty beside it", () => {
    const empty = { metadata: { labels: {}, annotations: {} } };
    // A server does not store what is empty.
    const before = { ...apply(nothing, "a", empty), live: {} };
    const after = update(before, "b", { metadata: { labels: { one: "1" } } });
    const owned = after.managers.map(({ name, fields }) => [name, toFieldsV1(fields)]);
    expect(Object.fromEntries(owned)).toEqual({
      a: { "f:metadata": { "f:annotations": {} } },
      b: { "f:metadata": { "f:labels": { ".": {}, "f:one": {} } } },
    });
  });

  test("nobody owns a field that was removed", () => {
    const before = apply(nothing, "a", { spec: { replicas: 2, paused: true } });
    const after = update(before, "b", { spec: { replicas: 2 } });
    expect(after.managers.flatMap(({ fields }) => pathsOf(fields))).toEqual([".spec.replicas"]);
  });
});

// --- properties ----------------------------------------------------------------------------------

const type = granular({
  items: keyed(["name"], granular({ inner: keyed(["name"]) })),
  tags: set,
});

const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("x", "y"), fc.boolean());

const item = (inner: boolean): fc.Arbitrary<JsonMap> =>
  fc
    .record(
      {
        name: fc.constantFrom("a", "b", "c"),
        value: scalar,
        ...(inner ? { inner: fc.uniqueArray(item(false), uniqueByName) } : {}),
      },
      { requiredKeys: ["name"] },
    )
    .map((record) => record as JsonMap);

const uniqueByName = {
  selector: (entry: JsonMap): unknown => entry["name"],
  maxLength: 3,
  minLength: 1,
};

const config: fc.Arbitrary<JsonMap> = fc
  .record(
    {
      one: scalar,
      map: fc.dictionary(fc.constantFrom("p", "q", "r"), scalar, { minKeys: 1 }),
      list: fc.array(scalar, { minLength: 1, maxLength: 3 }),
      tags: fc.uniqueArray(fc.constantFrom("t", "u", "v"), { minLength: 1 }),
      items: fc.uniqueArray(item(true), uniqueByName),
    },
    { requiredKeys: [] },
  )
  .map((record) => record as JsonMap);

describe("properties of apply", () => {
  test("applying twice is applying once", () => {
    fc.assert(
      fc.property(config, config, (base, wanted) => {
        const start = apply(nothing, "base", base, { type });
        const once = apply(start, "me", wanted, { type, force: true });
        const twice = apply(once, "me", wanted, { type, force: true });
        expect(twice).toEqual(once);
      }),
    );
  });

  test("everything that is applied is there afterwards", () => {
    fc.assert(
      fc.property(config, config, (base, wanted) => {
        const start = apply(nothing, "base", base, { type });
        const { live } = apply(start, "me", wanted, { type, force: true });
        const again = apply({ live, managers: [] }, "me", wanted, { type });
        expect(equalJson(again.live, live)).toBe(true);
      }),
    );
  });

  test("applying and then declaring nothing leaves what the others declared", () => {
    fc.assert(
      fc.property(config, config, (base, wanted) => {
        const start = apply(nothing, "base", base, { type });
        const outcome = tryApply(start, "me", wanted, { type });
        // With a conflict nothing happens; by force the other manager would lose its fields.
        if (outcome.conflicts !== undefined) return;
        const applied = { live: outcome.merged, managers: outcome.managers };
        const { live } = apply(applied, "me", {}, { type });
        const kept = apply({ live, managers: [] }, "base", base, { type });
        expect(equalJson(sorted(kept.live), sorted(start.live))).toBe(true);
      }),
    );
  });

  test("a sole manager gets exactly what it declared last", () => {
    fc.assert(
      fc.property(config, config, (first, second) => {
        const before = apply(nothing, "me", first, { type });
        const after = apply(before, "me", second, { type });
        expect(equalJson(sorted(after.live), sorted(second))).toBe(true);
      }),
    );
  });

  test("field sets survive the way through FieldsV1", () => {
    fc.assert(
      fc.property(config, (value) => {
        const fields = fieldSetOf(value, type);
        const back = fromFieldsV1(toFieldsV1(fields));
        expect(toFieldsV1(back)).toEqual(toFieldsV1(fields));
        expect(pathsOf(back)).toEqual(pathsOf(fields));
      }),
    );
  });
});

/** Lists that are merged by key or as sets have no order worth comparing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([field, entry]) => [field, sorted(entry)]));
}
