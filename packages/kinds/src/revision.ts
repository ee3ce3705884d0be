import { Type, type Static } from "typebox";
import { canonicalJson, toPlain } from "@octoplane/shared/plain-data";
import type { Application } from "./application.ts";
import { dateTime } from "./metadata.ts";

/** A specification that was replaced by another, as it is stored: its fields are JSON, deflated, in base64. */
export const RevisionRecordSchema = Type.Object(
  {
    generation: Type.Integer({ minimum: 1 }),
    since: dateTime,
    fields: Type.String(),
  },
  { additionalProperties: false },
);
export type RevisionRecord = Static<typeof RevisionRecordSchema>;

/** What an object asked for at some time. */
export interface Revision {
  readonly generation: number;
  /** When it was written. */
  readonly since: string;
  /** Its fields, as they were stored: `spec`, above all. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type Spec = Application["spec"];

/** What of a specification says which objects stand on a cluster, and how they come there; not on which. */
const delivered = [
  "manifest",
  "tosca",
  "csar",
  "observer_schema",
  "adjustments",
  "delivery",
] as const satisfies readonly (keyof Spec)[];

/** What is delivered as it was in another specification; where it goes, and how it is scheduled, as it is. Pure. */
export function deliveredAs(spec: Spec, earlier: Spec): Spec {
  const rest = Object.entries(spec).filter(([name]) => !isDelivered(name));
  const back = Object.entries(earlier).filter(([name]) => isDelivered(name));
  return Object.fromEntries([...rest, ...back]) as Spec;
}

/** True when both deliver the same. Pure. */
export function deliverSame(one: Spec, other: Spec): boolean {
  return delivered.every((name) => textOfField(one, name) === textOfField(other, name));
}

function textOfField(spec: Spec, name: keyof Spec): string {
  return canonicalJson(toPlain(spec[name] ?? null));
}

function isDelivered(name: string): boolean {
  return (delivered as readonly string[]).includes(name);
}
