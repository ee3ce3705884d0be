import { InvalidArgumentError } from "commander";
import { messageOf } from "@octoplane/shared/errors";
import { parsePath, parseTemplate, type Path, type Piece } from "./jsonpath.ts";

/** What `-o` asks for. Pure. */

export type Format =
  | { readonly type: "table"; readonly isWide: boolean }
  | { readonly type: "json" | "yaml" | "name" }
  | { readonly type: "jsonpath"; readonly template: readonly Piece[] }
  | { readonly type: "custom-columns"; readonly columns: readonly CustomColumn[] };

export interface CustomColumn {
  readonly title: string;
  readonly path: Path;
}

/** As they are completed and told in the help. */
export const formatNames = [
  "table",
  "json",
  "yaml",
  "name",
  "wide",
  "jsonpath=",
  "custom-columns=",
] as const;

/** Throws what the parser reports as a wrong value of its flag. */
export function readFormat(text: string): Format {
  const equals = text.indexOf("=");
  const word = equals < 0 ? text : text.slice(0, equals);
  const rest = equals < 0 ? "" : text.slice(equals + 1);
  if (equals < 0) {
    if (word === "table" || word === "wide") return { type: "table", isWide: word === "wide" };
    if (word === "json" || word === "yaml" || word === "name") return { type: word };
  }
  if (rest !== "" && word === "jsonpath") {
    return { type: "jsonpath", template: parsed(() => parseTemplate(rest)) };
  }
  if (rest !== "" && word === "custom-columns") {
    return { type: "custom-columns", columns: parsed(() => readColumns(rest)) };
  }
  throw new InvalidArgumentError(
    "Allowed choices are table, json, yaml, name, wide, jsonpath=TEMPLATE and " +
      "custom-columns=TITLE:PATH,….",
  );
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof InvalidArgumentError
      ? error
      : new InvalidArgumentError(`It has a mistake ${messageOf(error)}`);
  }
}

function readColumns(text: string): readonly CustomColumn[] {
  return splitOutside(text).map((part) => {
    const colon = part.indexOf(":");
    if (colon < 1 || colon === part.length - 1) {
      throw new InvalidArgumentError(`Expected TITLE:PATH, found ${JSON.stringify(part)}.`);
    }
    return { title: part.slice(0, colon), path: parsePath(part.slice(colon + 1)) };
  });
}

/** At commas, but for those in brackets and quotes. */
function splitOutside(text: string): readonly string[] {
  return text.match(/(?:\[(?:"[^"]*"|'[^']*'|[^\]"'])*\]|[^,[]|\[)+/g) ?? [];
}
