import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApplicationKind } from "@octoplane/kinds/application";
import { CloudKind } from "@octoplane/kinds/cloud";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { readAs } from "@octoplane/kinds/read-input";
import { limits } from "@octoplane/shared/limits";
import { decodeObject, decodeStatus, encodeRecord } from "./record.ts";
import type { PlainRecord } from "./deflated-record.ts";
import { migrateRecord, migrations, newestVersion } from "./schema-version.ts";

function entry(value: Uint8Array | string) {
  return { key: "/registry/k", value: Buffer.from(value), revision: 7n, created: 7n };
}

/** Bytes as a program of that form wrote them; they are never changed. */
function stored(version: number, name: string): Buffer {
  return readFileSync(join(import.meta.dirname, `testdata/records/v${version}/${name}.json`));
}

describe("records of form 1", () => {
  it.each(["application-object", "role-object"])("%s reads as it was written", (name) => {
    const { v, ...record } = JSON.parse(stored(1, name).toString());
    expect(v).toBe(1);
    expect(decodeObject(entry(stored(1, name)))).toEqual({ record, revision: 7n });
  });

  it.each([
    ["application-status", ApplicationKind.status],
    ["cluster-status", ClusterKind.status],
    ["cloud-status", CloudKind.status],
  ] as const)("%s reads with no events counted, and is a status of today", (name, schema) => {
    const { uid, status } = JSON.parse(stored(1, name).toString());
    const decoded = decodeStatus(entry(stored(1, name)));
    expect(decoded).toEqual({ record: { uid, status: { ...status, events: 0 } }, revision: 7n });
    expect(readAs(schema, decoded.record.status)).toMatchObject({ events: 0 });
  });

  it("is written in the newest form, and only then", () => {
    const { record } = decodeStatus(entry(stored(1, "cloud-status")));
    const written = encodeRecord(record);
    expect(JSON.parse(Buffer.from(written).toString())).toEqual({ v: newestVersion, ...record });
    expect(decodeStatus(entry(written)).record).toEqual(record);
  });
});

describe("records of form 2", () => {
  it.each(["application-object", "application-status"])("%s reads as it was written", (name) => {
    const { v, ...record } = JSON.parse(stored(2, name).toString());
    expect(v).toBe(2);
    const decode = name.endsWith("status") ? decodeStatus : decodeObject;
    expect(decode(entry(stored(2, name)))).toEqual({ record, revision: 7n });
  });
});

describe("a large record", () => {
  const { v: _version, ...plain } = JSON.parse(stored(2, "application-object").toString());
  const text = "what stands in manifests repeats itself; ".repeat(50_000);
  const large = { ...plain, fields: { ...plain.fields, large: { text, é: "ü" } } };

  it("is written in a fraction of its size, as JSON, and reads as it was", () => {
    const written = encodeRecord(large);
    expect(written.length).toBeLessThan(text.length / 10);
    expect(JSON.parse(Buffer.from(written).toString())).toMatchObject({ v: newestVersion });
    expect(decodeObject(entry(written)).record).toEqual(large);
  });

  it("that is broken, or more than a record may be, is refused by name", () => {
    const bomb = deflateRawSync(Buffer.alloc(limits.inflatedRecordBytesMax + 1, 32));
    const cases: readonly (readonly [object, string])[] = [
      [{ uid: "u", deflated: "AAAA" }, "is deflated, and broken"],
      [{ deflated: bomb.toString("base64") }, "is deflated, and broken"],
      [{ deflated: deflateRawSync("[]").toString("base64") }, "is deflated, and no record"],
      [{ deflated: 1 }, "is not deflated as records are"],
      [{ deflated: "", status: {} }, "is not deflated as records are"],
    ];
    for (const [record, said] of cases) {
      const bytes = JSON.stringify({ v: newestVersion, ...record });
      expect(() => decodeStatus(entry(bytes))).toThrow(`/registry/k ${said}`);
    }
  });
});

describe("a record that cannot be read", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      '{"v":99,"uid":"u","status":{}}',
      `has schema version 99, and this program reads up to ${newestVersion}: it was written by a newer one`,
    ],
    ['{"uid":"u","status":{}}', "has no schema version (v: missing)"],
    ['{"v":"1","uid":"u","status":{}}', 'has no schema version (v: "1")'],
    ['{"v":0,"uid":"u","status":{}}', "has no schema version (v: 0)"],
    ['{"v":1,"uid":"u"}', "is a record without status"],
    ["[]", "has no schema version (v: missing)"],
    ["null", "is no record"],
    ["{", "is not JSON"],
  ];
  it.each(cases)("%s is refused by name", (text, said) => {
    expect(() => decodeStatus(entry(text))).toThrow(`/registry/k ${said}`);
  });
});

describe("migrations", () => {
  it("lead from each form to the next, without a gap", () => {
    expect(migrations.map(({ from }) => from)).toEqual(migrations.map((_one, index) => index + 1));
  });

  const record = fc.dictionary(
    fc.oneof(fc.constantFrom("uid", "status", "metadata", "fields"), fc.string()),
    fc.oneof(
      fc.dictionary(fc.oneof(fc.constant("events"), fc.string()), fc.jsonValue()),
      fc.jsonValue(),
    ),
    { noNullPrototype: true },
  );
  const part = fc.constantFrom("object" as const, "status" as const);

  it("take any record, change none in place, and find nothing left to do in what they give", () => {
    fc.assert(
      fc.property(record, part, (given, which) => {
        const before = structuredClone(given);
        for (const migration of migrations) {
          const once = migration[which](given);
          expect(migration[which](once)).toEqual(once);
        }
        expect(given).toEqual(before);
      }),
    );
  });

  it("give the same whether a record moves up step by step or at once, and leave the newest alone", () => {
    fc.assert(
      fc.property(record, part, ({ v: _v, ...given }, which) => {
        const atOnce = migrateRecord(which, { ...given, v: 1 });
        const steps = migrations.reduce<PlainRecord>(
          (current, migration) => migration[which](current),
          given,
        );
        expect(atOnce).toEqual(steps);
        expect(migrateRecord(which, { ...steps, v: newestVersion })).toEqual(steps);
      }),
    );
  });
});
