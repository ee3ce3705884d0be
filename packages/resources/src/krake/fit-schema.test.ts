import { ApplicationKind } from "@octoplane/kinds/application";
import { anyKind } from "@octoplane/kinds/kind";
import { inputSchema, readInput } from "@octoplane/kinds/read-input";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "@octoplane/shared/errors";
import { fitSchema } from "./fit-schema.ts";

const kind = anyKind(ApplicationKind);
const schema = inputSchema(kind);

describe("fitSchema", () => {
  it("leaves out and names what is unknown, at any depth, but nothing below free objects", () => {
    const manifest = [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", odd: null } }];
    const value = {
      metadata: { name: "a", annotations: {}, nothing: null },
      spec: { manifest, constraints: { cluster: { labels: null, zones: [] } } },
    };
    expect(fitSchema(schema, value, "")).toEqual({
      value: {
        metadata: { name: "a" },
        spec: { manifest, constraints: { cluster: { labels: null } } },
      },
      dropped: ["metadata.annotations", "spec.constraints.cluster.zones"],
    });
  });

  it("leaves null out where it may not stand, so that the default comes", () => {
    const value = {
      metadata: { name: "a", labels: null },
      spec: { backoff: null, csar: null, tosca: null },
    };
    const fitted = fitSchema(schema, value, "");
    expect(fitted).toEqual({
      value: { metadata: { name: "a" }, spec: { csar: null } },
      dropped: [],
    });
  });

  it("never makes a body unreadable that could be read, nor changes it", () => {
    const text = fc.stringMatching(/^[a-z]{1,8}$/);
    const body = fc.record(
      {
        metadata: fc.record({
          name: text,
          labels: fc.dictionary(text, text, { noNullPrototype: true }),
        }),
        spec: fc.record(
          {
            manifest: fc.constant([
              { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } },
            ]),
            hooks: fc.array(text),
            backoff: fc.oneof(fc.integer(), fc.constant(null)),
            csar: fc.constant(null),
            more: fc.jsonValue(),
          },
          { requiredKeys: ["manifest"], noNullPrototype: true },
        ),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(body, (value) => {
        const fitted = fitSchema(schema, value, "").value;
        expect(() => readInput(kind, fitted)).not.toThrow();
        try {
          expect(fitted).toEqual(readInput(kind, value) && value);
        } catch (error) {
          if (!isFailure(error, "Invalid")) throw error;
        }
      }),
    );
  });

  it("leaves what is of another form to validation", () => {
    for (const value of [null, 1, "x", [], { spec: [] }, { spec: { manifest: {} } }]) {
      expect(fitSchema(schema, value, "").value).toEqual(value);
    }
  });
});
