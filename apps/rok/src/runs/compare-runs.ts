import type { Run } from "@octoplane/kinds/run";
import { secondsOf } from "@octoplane/kinds/run";

/** What is told of a run, name by name, for tables, files and comparisons. Pure. */
export function runFields({ metadata, spec, status }: Run): Readonly<Record<string, string>> {
  const env = Object.entries(spec.env).map(([name, value]) => [`env ${name}`, value]);
  return {
    name: metadata.name,
    application: spec.application,
    workload: spec.workload.name,
    ...(Object.fromEntries(env) as Readonly<Record<string, string>>),
    command: (spec.command ?? []).join(" "),
    args: (spec.args ?? []).join(" "),
    state: status.state,
    cluster: status.cluster?.name ?? "",
    started: status.started ?? "",
    ended: status.ended ?? "",
    seconds: String(secondsOf(status) ?? ""),
    exit_code: String(status.exit_code ?? ""),
    reason: status.reason?.message ?? "",
    note: spec.note,
    last_lines: status.last_lines.join("\n"),
  };
}

/** Every field that one of them has, in order, with the value of each run; no more than is asked for. Pure. */
export function fieldTable(runs: readonly Run[]): {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const all = runs.map(runFields);
  const names = [...new Set(all.flatMap(Object.keys))];
  return { names, rows: all.map((fields) => names.map((name) => fields[name] ?? "")) };
}

/** Comma-separated values (RFC 4180). A text that a spreadsheet would take for a formula is made plain. Pure. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

function csvField(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
