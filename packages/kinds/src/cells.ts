import type { ResourceRef } from "./metadata.ts";

/** Text for the cells of tables; no control characters of a user's text reach a terminal. */

export function joined(values: readonly string[] | null | undefined): string {
  return printable((values ?? []).join("\n"));
}

export function formatRef(ref: ResourceRef | null | undefined): string {
  if (!ref) return "";
  return printable(ref.namespace === null ? ref.name : `${ref.namespace}/${ref.name}`);
}

export function formatState(state: string): string {
  return printable(state);
}

export function printable(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
