import { digestOf } from "@octoplane/delivery/digest";
import { limits } from "@octoplane/shared/limits";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needsFetch, translationNeed, withTranslation } from "./translation-need.ts";

const first = { tosca_definitions_version: "1" };
const second = { tosca_definitions_version: "2" };
const manifest = [{ kind: "ConfigMap" }];
const made = { source: digestOf(first), manifest: digestOf(manifest) };

const needOf = (
  spec: { manifest?: typeof manifest; tosca?: object | string; csar?: string | null },
  translations?: readonly (typeof made)[],
): string => {
  const whole = { manifest: [], tosca: {}, csar: null, ...spec };
  return translationNeed({
    spec: { ...whole, tosca: whole.tosca as string },
    status: translations === undefined ? {} : { translations: [...translations] },
  }).kind;
};

describe("a manifest", () => {
  it("is to be made where there is a source and nothing else", () => {
    expect(needOf({ tosca: first })).toBe("due");
    expect(needOf({ tosca: "http://a/b.yaml" })).toBe("due");
    expect(needOf({ csar: "http://a/b.zip" })).toBe("due");
    expect(needOf({ tosca: first }, [made])).toBe("due");
  });

  it("is somebody's own where nothing was ever made, whatever stands beside it", () => {
    expect(needOf({ manifest })).toBe("none");
    expect(needOf({ manifest, tosca: first })).toBe("none");
    expect(needOf({ manifest }, [made])).toBe("none");
  });

  it("follows its template, also when a client sends the old one back with a new template", () => {
    expect(needOf({ manifest, tosca: first }, [made])).toBe("done");
    expect(needOf({ manifest, tosca: second }, [made])).toBe("due");
    expect(needOf({ manifest, tosca: first, csar: "http://a/b.zip" }, [made])).toBe("done");
  });

  it("stays as somebody changed it by hand", () => {
    const changed = [{ kind: "Secret" }];
    expect(needOf({ manifest: changed, tosca: first }, [made])).toBe("kept");
    expect(needOf({ manifest: changed, tosca: second }, [made])).toBe("kept");
  });

  it("is made again when it was written down and a crash came before it stood there", () => {
    const next = { source: digestOf(second), manifest: digestOf([{ kind: "Job" }]) };
    expect(needOf({ manifest, tosca: second }, [made, next])).toBe("due");
    expect(needOf({ manifest: [], tosca: second }, [made, next])).toBe("due");
  });

  it("is taken back to an older one with the template that it came from", () => {
    const next = { source: digestOf(second), manifest: digestOf([{ kind: "Job" }]) };
    expect(needOf({ manifest, tosca: first }, [made, next])).toBe("done");
  });
});

it("keeps the newest translations, each once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }), (numbers) => {
      const steps = numbers.map((number) => ({ source: `s${number}`, manifest: `m${number}` }));
      const kept = steps.reduce<readonly (typeof made)[]>(
        (list, next) => withTranslation(list, next),
        [],
      );
      expect(kept.length).toBeLessThanOrEqual(limits.translationsKeptMax);
      expect(new Set(kept.map(({ source }) => source)).size).toBe(kept.length);
      expect(kept.at(-1)).toEqual(steps.at(-1));
    }),
  );
});

it("asks a server only for what it does not have yet", () => {
  const url = { manifest: [], tosca: "http://a/b.yaml", csar: null };
  const known = { source: digestOf({ templateUrl: url.tosca }), manifest: digestOf(manifest) };
  expect(needsFetch({ spec: url, status: {} })).toBe(true);
  expect(needsFetch({ spec: { ...url, manifest }, status: { translations: [known] } })).toBe(false);
  expect(needsFetch({ spec: { ...url, manifest }, status: { translations: [made] } })).toBe(true);
  expect(needsFetch({ spec: { ...url, manifest }, status: {} })).toBe(false);
  expect(needsFetch({ spec: { ...url, tosca: first }, status: {} })).toBe(false);
});
