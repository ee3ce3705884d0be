import { limits } from "@octoplane/shared/limits";

/** What the audit trail tells of a command: its words without what is given to variables, which may be secrets. Pure. */
export function commandDetail(words: readonly string[]): string {
  const text = words
    .map((word) => word.replaceAll(/\b([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;&|]+)/g, "$1=…"))
    .map((word) => (/^[\w./:@%+=,…-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(" ");
  const most = limits.auditDetailCharsMax;
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
