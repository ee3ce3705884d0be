import { failure, isFailure } from "@octoplane/shared/errors";
import type { ManifestFiles } from "../input/manifest-files.ts";

/** An error that names `documents[3].spec.min` names the file, the line and the object instead. Pure. */
export function withDocumentPlaces(error: unknown, { documents, places }: ManifestFiles): unknown {
  if (!isFailure(error, "Invalid")) return error;
  const placeOf = (index: number): string =>
    `${places[index] ?? `documents[${index}]`}${objectText(documents[index])}`;
  const fields = error.fields.map(({ field, message }) => ({
    field: field.replace(
      /^documents\[(\d+)\](\.?)/,
      (_, index: string, dot: string) => `${placeOf(Number(index))}${dot === "" ? "" : ": "}`,
    ),
    message: message.replace(
      / documents\[(\d+)\]$/,
      (_, index: string) => ` ${placeOf(Number(index))}`,
    ),
  }));
  return failure("Invalid", error.message, { fields });
}

function objectText(document: Readonly<Record<string, unknown>> | undefined): string {
  const { kind, metadata } = document ?? {};
  const name = (metadata as { readonly name?: unknown } | null | undefined)?.name;
  const words = [kind, name].filter((word) => typeof word === "string");
  return words.length === 0 ? "" : ` (${words.join(" ")})`;
}
