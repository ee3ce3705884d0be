/**
 * `Warning` headers (RFC 7234, 5.5) as Kubernetes uses them: `299 - "unknown field \"spec.x\""`, several headers or
 * several values in one. RFC 9111 no longer defines them; kubectl and its like print them all the same.
 */

/** The value of a header for one warning; whatever is no plain character becomes a blank. */
export function warningHeader(text: string): string {
  const plain = text.replace(/[^\x20-\x7E]+/g, " ");
  return `299 - "${plain.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The texts of `Warning` headers. Kubernetes sends one for every field that it drops and every version that it will
 * drop.
 */
export function readWarnings(header: string | readonly string[] | undefined): readonly string[] {
  const lines = header === undefined ? [] : typeof header === "string" ? [header] : header;
  return lines.flatMap((line) =>
    Array.from(line.matchAll(/\b[0-9]{3} [^\s"]+ "((?:[^"\\]|\\.)*)"/g), (match) =>
      utf8((match[1] ?? "").replace(/\\(.)/g, "$1")),
    ),
  );
}

/** HTTP libraries read headers byte by byte; Kubernetes writes UTF-8. */
function utf8(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
