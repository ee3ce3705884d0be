import { Type, type Static } from "typebox";

/** The garbage collector has no settings of its own. */
export const GcConfigSchema = Type.Object({}, { additionalProperties: false, default: {} });
export type GcConfig = Static<typeof GcConfigSchema>;
