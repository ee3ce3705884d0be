import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "@octoplane/shared/clock";
import { invalid, messageOf } from "@octoplane/shared/errors";
import { readManifestFiles, withPlaces } from "./manifest-files.ts";
import type { Io } from "../io.ts";

let io: Io;
const notes: string[] = [];
const note = (text: string): void => void notes.push(text);

beforeAll(async () => {
  const cwd = await mkdtemp(join(tmpdir(), "rok-manifest-"));
  await mkdir(join(cwd, "app", "below"), { recursive: true });
  const files = {
    "app/b.yaml": "kind: B\n---\nkind: C",
    "app/a.yml": "# comment\n---\nkind: A\n---\n",
    "app/z.json": '{"kind":"Z"}{"kind":"List","items":[{"kind":"Y"}]}',
    "app/README.md": "# text",
    "app/below/x.yaml": "kind: X",
    "list.yaml": "- a\n",
    "broken.yaml": "a: [\n",
    "empty.yaml": "# nothing\n",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  io = {
    out: () => undefined,
    err: () => undefined,
    columns: undefined,
    readInput: async () => "kind: In",
    environment: () => undefined,
    cwd,
    clock: systemClock,
  };
});
afterAll(() => rm(io.cwd, { recursive: true }));

test("files are read in order, folders by name, and what is left out is named", async () => {
  const read = await readManifestFiles(["-", "app"], io, note);
  expect(read.documents.map((document) => document["kind"])).toEqual([
    "In",
    "A",
    "B",
    "C",
    "Z",
    "Y",
  ]);
  expect(read.places).toEqual([
    "standard input:1",
    "app/a.yml:3",
    "app/b.yaml:1",
    "app/b.yaml:3",
    "app/z.json:1",
    "app/z.json:1",
  ]);
  expect(notes).toEqual(["rok: left out app/README.md", "rok: left out app/below (a folder)"]);
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ["list.yaml", /^list\.yaml:1: expected an object with apiVersion and kind/],
  ["broken.yaml", /^broken\.yaml:/],
  ["empty.yaml", /^empty\.yaml: expected manifests, found no document/],
  ["none.yaml", /^none\.yaml cannot be read: there is no such file/],
];

for (const [path, message] of wrong) {
  test(`${path} is refused by name`, async () => {
    await expect(readManifestFiles([path], io, note)).rejects.toThrow(message);
  });
}

test("an error of the server about an object names where that object came from", () => {
  const error = invalid([
    { field: "spec.manifest[1]", message: "expected metadata.name" },
    { field: "spec.hooks", message: "expected array" },
  ]);
  expect(withPlaces(error, ["a.yaml:1", "b.yaml:7"])).toMatchObject({
    fields: [
      { field: "b.yaml:7: spec.manifest[1]", message: "expected metadata.name" },
      { field: "spec.hooks", message: "expected array" },
    ],
  });
  expect(messageOf(withPlaces(new Error("other"), []))).toBe("other");
});
