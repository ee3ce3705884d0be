/**
 * Stands in for a credential in every answer; it may come back in an update and then means "as it was". Valid base64,
 * because clients decode `…-data` fields.
 */
export const redactedSecret = "REDACTED";
