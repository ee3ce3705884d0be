import { oneLine } from "./terminal-text.ts";

/** Clusters and numbers of decisions as people read them. */

export interface RefLike {
  readonly namespace: string | null;
  readonly name: string;
}

export function nameOf({ namespace, name }: RefLike): string {
  return oneLine(namespace === null || namespace === "" ? name : `${namespace}/${name}`);
}

/** Four digits after the point at most: enough to see a difference, few enough to read. */
export function numberText(value: number): string {
  return String(Number(value.toFixed(4)));
}
