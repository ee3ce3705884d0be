import { describe, expect, it } from "vitest";
import { limits } from "@octoplane/shared/limits";
import { readCsar } from "./csar.ts";
import { writeZip, type TestEntry } from "./testing/write-zip.ts";
import { translate } from "./translate.ts";

const template = (imports = ""): string => `
tosca_definitions_version: tosca_simple_yaml_1_2
${imports}
topology_template:
  node_templates:
    a:
      type: acme.Config
`;

const types = `
tosca_definitions_version: tosca_simple_yaml_1_2
imports: [../base.yaml, https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml]
node_types:
  acme.Config: {derived_from: acme.Base}
`;

const base = `
node_types:
  acme.Base:
    derived_from: tosca.nodes.indigo.KubernetesObject
    properties:
      spec:
        type: string
        default: "{apiVersion: v1, kind: ConfigMap, metadata: {name: from-archive}}"
`;

const meta: TestEntry = {
  name: "TOSCA-Metadata/TOSCA.meta",
  text: "TOSCA-Meta-File-Version: 1.0\r\nCSAR-Version: 1.1\r\nEntry-Definitions: defs/main.yaml\r\n",
};

const good: readonly TestEntry[] = [
  meta,
  { name: "defs/", mode: 0o040755 },
  { name: "defs/main.yaml", text: template("imports: [types/mine.yaml]") },
  { name: "defs/types/mine.yaml", text: types },
  { name: "defs/base.yaml", text: base },
  { name: "README", text: "of no use here" },
];

const read = async (entries: readonly TestEntry[]) => await readCsar(writeZip(entries), "a.csar");

describe("an archive", () => {
  it("gives the template that its metadata names, with the types that it imports put in", async () => {
    const found = await read(good);
    expect(found["imports"]).toEqual([
      "https://raw.githubusercontent.com/grycap/ec3/tosca/tosca/custom_types.yaml",
    ]);
    expect(translate(found)).toMatchObject({ manifest: [{ metadata: { name: "from-archive" } }] });
  });

  it("gives the only YAML file at its root when it has no metadata", async () => {
    const found = await read([
      { name: "main.yml", text: template("imports: [{mine: {file: lib/types.yaml}}]") },
      { name: "lib/types.yaml", text: base.replace("acme.Base", "acme.Config") },
    ]);
    expect(translate(found)).toMatchObject({ manifest: [{ metadata: { name: "from-archive" } }] });
  });
});

it.each<[string, readonly TestEntry[], string]>([
  ["a way up", [...good, { name: "../evil.yaml" }], '"../evil.yaml" leads out of the archive'],
  ["a way up inside", [...good, { name: "a/../../b" }], '"a/../../b" leads out of the archive'],
  ["an absolute path", [...good, { name: "/etc/passwd" }], '"/etc/passwd" leads out'],
  ["a drive", [...good, { name: "C:/x" }], '"C:/x" leads out'],
  ["a backslash", [...good, { name: "a\\b" }], String.raw`"a\\b" leads out`],
  ["a name of nothing", [...good, { name: "" }], "or is no name at all"],
  ["a link", [...good, { name: "link", mode: 0o120777 }], '"link" is a link'],
  ["a device", [...good, { name: "dev", mode: 0o020666 }], '"dev" is a link or a device'],
  ["encryption", [...good, { name: "secret", isEncrypted: true }], '"secret" is encrypted'],
  ["two of one name", [...good, { name: "README" }], 'two entries are called "README"'],
  ["nothing to begin with", [{ name: "README" }], "there is no YAML file at its root"],
  [
    "two to begin with",
    [{ name: "a.yaml" }, { name: "b.yaml" }],
    "there is 2 YAML files at its root",
  ],
  ["an entry that is not there", [meta], "Entry-Definitions names defs/main.yaml, which is not"],
  [
    "an import that is not there",
    [{ name: "a.yaml", text: template("imports: [b.yaml]") }],
    "a.yaml imports b.yaml, which is not in the archive",
  ],
  [
    "an import that leads out",
    [{ name: "a.yaml", text: template("imports: [../../etc/passwd]") }],
    "a.yaml imports ../../etc/passwd, which is not in the archive",
  ],
  [
    "a type that is declared twice",
    [
      { name: "a.yaml", text: template("imports: [b/c.yaml]\nnode_types: {acme.Base: {}}") },
      { name: "b/c.yaml", text: base },
    ],
    "node_types.acme.Base is declared twice",
  ],
  ["a template that is no YAML", [{ name: "a.yaml", text: "{" }], "a.csar: a.yaml:1:"],
  ["a template that is none", [{ name: "a.yaml", text: "[1]" }], "expected definitions of TOSCA"],
  [
    "a file that is longer than it says",
    [{ name: "a.yaml", text: `${template()}# ${"x".repeat(100)}`, toldLength: 20 }],
    "a.csar: a.yaml: ",
  ],
])("refuses an archive with %s", async (_what, entries, message) => {
  await expect(read(entries)).rejects.toThrow(message);
  await expect(read(entries)).rejects.toThrow(/^a\.csar: /);
});

it("refuses bombs by what they say they become, and too many entries", async () => {
  const blanks = { name: "a.yaml", text: " ".repeat(2 * 1024 * 1024) };
  await expect(read([blanks])).rejects.toThrow(`more than ${limits.csarRatioMax} times as large`);
  const huge = { name: "b.yaml", toldLength: limits.csarInflatedBytesMax + 1 };
  await expect(read([huge])).rejects.toMatchObject({ code: "TooLarge" });
  const many = Array.from({ length: limits.csarEntriesMax + 1 }, (_, index) => ({
    name: `f${index}`,
  }));
  await expect(read(many)).rejects.toThrow(`more than ${limits.csarEntriesMax} entries`);
});

it("refuses what is no archive, and one that ends too soon", async () => {
  const bytes = writeZip(good);
  const cut = async (length: number) => await readCsar(bytes.subarray(0, length), "a.csar");
  for (const length of [0, 10, bytes.length - 30, bytes.length - 1]) {
    await expect(cut(length)).rejects.toMatchObject({ code: "Invalid" });
  }
  await expect(readCsar(Buffer.alloc(limits.csarBytesMax + 1), "a.csar")).rejects.toMatchObject({
    code: "TooLarge",
  });
});
