import { describe, expect, test } from "vitest";
import { redactedSecret } from "@octoplane/kinds/redacted-secret";
import { systemRandom } from "@octoplane/shared/random";
import { VirtualClock } from "@octoplane/shared/virtual-clock";
import { readDrafts } from "./batch-draft.ts";
import { planBatch, type Existing, type Seen } from "./batch-plan.ts";
import { partKey } from "./keys.ts";
import { decodeObject } from "./record.ts";
import { Sealer } from "./sealer.ts";

const makers = {
  sealer: new Sealer(systemRandom.bytes(32), systemRandom),
  clock: new VirtualClock(),
  random: systemRandom,
};

const rule = { api: "core", resources: ["metrics"], namespaces: ["a"], verbs: ["get"] };
const role = (name: string, ...rules: readonly object[]) => ({
  api: "core",
  kind: "Role",
  metadata: { name },
  rules,
});
const binding = (name: string, ...roles: readonly string[]) => ({
  api: "core",
  kind: "RoleBinding",
  metadata: { name },
  users: ["u"],
  roles,
});
const influx = (url: string, token: string) => ({
  api: "core",
  kind: "GlobalMetricsProvider",
  metadata: { name: "i" },
  spec: { type: "influx", influx: { url, token, org: "o", bucket: "b" } },
});

function plan(documents: readonly object[], seen: Seen, existing: Existing) {
  const { drafts, problems } = readDrafts(documents);
  expect(problems).toEqual([]);
  return { drafts, ...planBatch(makers, drafts, seen, existing) };
}

/** What the store holds when the documents have been written at the revision. */
function stored(documents: readonly object[], revision: bigint): Seen {
  const { writes } = plan(documents, new Map(), "refuse");
  return new Map(
    writes.map((write) => {
      if (!("value" in write)) throw new Error("a removal");
      const entry = { key: write.key, value: write.value, revision, created: revision };
      return [write.key, decodeObject(entry)] as const;
    }),
  );
}

describe("a plan for documents that are stored together", () => {
  test("creates what is not there, guarded by its absence", () => {
    const { results, problems, guards, writes } = plan(
      [role("r", rule), binding("b", "r")],
      new Map(),
      "refuse",
    );
    expect([results, problems]).toEqual([["created", "created"], []]);
    expect(guards).toEqual([
      { key: "/registry/core/roles/r/object", revision: 0n },
      { key: "/registry/core/rolebindings/b/object", revision: 0n },
    ]);
    expect(writes.map(({ key }) => key)).toEqual(guards.map(({ key }) => key));
  });

  test("refuses, keeps or replaces what is there", () => {
    const seen = stored([role("r"), role("same", rule)], 7n);
    const documents = [role("r", rule), role("same", rule), role("new")];
    const refused = plan(documents, seen, "refuse");
    expect(refused.problems.map(({ index, message }) => [index, message])).toEqual([
      [0, "Role r exists already; force replaces it"],
      [1, "Role same exists already; force replaces it"],
    ]);
    const kept = plan(documents, seen, "keep");
    expect(kept.results).toEqual(["unchanged", "unchanged", "created"]);
    expect(kept.writes).toHaveLength(1);
    makers.clock.advance(5);
    const { results, guards, writes } = plan(documents, seen, "replace");
    expect(results).toEqual(["replaced", "unchanged", "created"]);
    expect(guards.map(({ revision }) => revision)).toEqual([7n, 7n, 0n]);
    const before = seen.get("/registry/core/roles/r/object")!.record.metadata;
    const [write] = writes;
    if (!write || !("value" in write)) throw new Error("no write");
    const entry = { key: write.key, value: write.value, revision: 8n, created: 7n };
    const { metadata, fields } = decodeObject(entry).record;
    expect(metadata).toEqual({ ...before, generation: 2, modified: metadata.modified });
    expect(metadata.modified > before.modified).toBe(true);
    expect(fields).toEqual({ rules: [rule] });
  });

  test("does not replace what is on its way out", () => {
    const seen = new Map(
      [...stored([role("r")], 1n)].map(([key, { record, revision }]) => {
        const metadata = { ...record.metadata, deleted: record.metadata.created };
        return [key, { record: { ...record, metadata }, revision }];
      }),
    );
    const { problems } = plan([role("r", rule)], seen, "replace");
    expect(problems.map(({ message }) => message)).toEqual(["Role r is being deleted"]);
  });

  test("guards what is referred to, and names what is missing", () => {
    const seen = stored([role("r")], 3n);
    const { problems, guards, writes } = plan([binding("b", "r", "gone", "?")], seen, "refuse");
    expect(problems).toEqual([
      {
        index: 0,
        field: "roles[1]",
        message: "Role gone is neither stored nor a valid document here",
      },
      {
        index: 0,
        field: "roles[2]",
        message: "Role ? is neither stored nor a valid document here",
      },
    ]);
    expect(guards).toContainEqual({
      key: partKey(roleKind, { name: "r" }, "object"),
      revision: 3n,
    });
    expect(writes).toHaveLength(1);
  });

  test("seals credentials, keeps those that come redacted, and sends them nowhere else", () => {
    const seen = stored([influx("http://a", "hush")], 1n);
    const records = JSON.stringify([...seen.values()].map(({ record }) => record));
    expect(records).toContain("http://a");
    expect(records).not.toContain("hush");
    expect(plan([influx("http://a", "hush")], seen, "replace").results).toEqual(["unchanged"]);
    expect(plan([influx("http://a", redactedSecret)], seen, "replace").results).toEqual([
      "unchanged",
    ]);
    const moved = plan([influx("http://b", redactedSecret)], seen, "replace");
    expect(moved.problems.map(({ index, field }) => [index, field])).toEqual([
      [0, "spec.influx.token"],
    ]);
  });
});

const roleKind = { api: "core", plural: "roles", namespaced: false };
