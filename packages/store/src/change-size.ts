import type { Change } from "./store.ts";

/**
 * Roughly what a change takes in memory: its key and its value, with something for the objects
 * around them.
 */
export function changeSize(change: Change): number {
  return change.type === "put"
    ? 200 + change.entry.key.length + change.entry.value.byteLength
    : 100 + change.key.length;
}
