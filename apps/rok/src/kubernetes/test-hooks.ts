import type { ManifestFiles } from "../input/manifest-files.ts";

type Document = Readonly<Record<string, unknown>>;

/**
 * The documents without what only `helm test` runs (annotation `helm.sh/hook: test`, of Helm 2
 * `test-success` and `test-failure`); each that is left out is named. Other hooks stay, with their
 * annotations.
 */
export function withoutTests(
  { documents, places }: ManifestFiles,
  note: (text: string) => void,
): ManifestFiles {
  const kept = documents.map((document, index) => {
    const isKept = !isTest(document);
    if (!isKept) note(`rok: left out the test ${nameOf(document)} (${places[index]})`);
    return isKept;
  });
  return {
    documents: documents.filter((_, index) => kept[index]),
    places: places.filter((_, index) => kept[index]),
  };
}

function isTest(document: Document): boolean {
  const hook = entryOf(entryOf(document["metadata"])["annotations"])["helm.sh/hook"];
  if (typeof hook !== "string") return false;
  const events = hook.split(",").map((event) => event.trim());
  return events.every((event) => ["test", "test-success", "test-failure"].includes(event));
}

function nameOf(document: Document): string {
  const { name } = entryOf(document["metadata"]);
  const words = [document["kind"], name].filter((word) => typeof word === "string");
  return words.join(" ");
}

function entryOf(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Document)
    : {};
}
