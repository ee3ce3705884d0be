import { CommanderError } from "commander";
import { isFailure, messageOf, type OctoplaneError } from "@octoplane/shared/errors";
import type { Access } from "./access/find-server.ts";
import { plainText } from "./output/terminal-text.ts";

/**
 * What is said of an error: one line for each thing that is wrong. A message has more lines only
 * where it points at a place in a text, with the text and a caret below it.
 */
export function errorLines(error: unknown, access?: Access): readonly string[] {
  if (error instanceof CommanderError) return [`rok: ${plainText(error.message)}`];
  if (!isFailure(error)) return [`rok: this is a bug: ${plainText(messageOf(error))}`];
  if (error.fields.length > 0 && error.code === "Invalid") {
    return error.fields.map(({ field, message }) =>
      plainText(field === "" ? `rok: ${message}` : `rok: ${field}: ${message}`),
    );
  }
  return [plainText(`rok: ${error.message}${hintFor(error, access)}`)];
}

/** Where the address or the token came from, when it is them that did not do. */
function hintFor({ code, message }: OctoplaneError, access: Access | undefined): string {
  if (!access) return "";
  if (code === "Unavailable") {
    // An issuer that does not answer was not found where the server was.
    return message.startsWith("the issuer ") ? "" : ` (address from ${access.addressFrom})`;
  }
  if (code !== "Unauthenticated") return "";
  return access.tokenFrom === undefined
    ? `; no token was found for ${access.address}: give --token, OCTOPLANE_TOKEN, ` +
        'a config file or --data-dir, or log in with "rok login"'
    : ` (token from ${access.tokenFrom})`;
}
