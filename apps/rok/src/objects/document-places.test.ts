import { expect, test } from "vitest";
import { failure, invalid, isFailure } from "@octoplane/shared/errors";
import { withDocumentPlaces } from "./document-places.ts";

const read = {
  documents: [{ kind: "Role", metadata: { name: "r" } }, { kind: 5 }],
  places: ["a.yaml:1", "b.yaml:7"],
};

function fieldsOf(...fields: readonly (readonly [string, string])[]): readonly string[] {
  const error = withDocumentPlaces(
    invalid(fields.map(([field, message]) => ({ field, message }))),
    read,
  );
  if (!isFailure(error)) throw new Error("no failure");
  return error.fields.map(({ field, message }) => `${field}: ${message}`);
}

test("problems of documents are told with file, line and object", () => {
  expect(
    fieldsOf(
      ["documents[0].rules[1].api", "expected"],
      ["documents[1]", "wrong"],
      ["documents[1].metadata.name", "stands here twice, first in documents[0]"],
      ["documents[9].spec", "far away"],
      ["force", "expected"],
    ),
  ).toEqual([
    "a.yaml:1 (Role r): rules[1].api: expected",
    "b.yaml:7: wrong",
    "b.yaml:7: metadata.name: stands here twice, first in a.yaml:1 (Role r)",
    "documents[9]: spec: far away",
    "force: expected",
  ]);
});

test("other errors stay as they are", () => {
  const error = failure("Unavailable", "documents[0]");
  expect(withDocumentPlaces(error, read)).toBe(error);
});
