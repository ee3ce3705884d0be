/**
 * The texts of `Warning` headers (RFC 7234, 5.5): `299 - "unknown field \"spec.x\""`, several
 * headers or several values in one. Kubernetes sends one for every field that it drops and every
 * version that it will drop.
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
  return Buffer.from(text, "latin1").toString("utf8");
}
