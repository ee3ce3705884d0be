import { isDeepStrictEqual } from "node:util";
import type { AnyKind } from "@octoplane/kinds/kind";
import { invalid, type FieldProblem } from "@octoplane/shared/errors";
import { redactedSecret } from "@octoplane/kinds/redacted-secret";
import { sealedKeyId } from "./sealer.ts";
import { mapSecrets, textAt, valueAt } from "./secret-fields.ts";

/** A sealed text opens only where it was made: in this object, at this place. */
export function sealContext(uid: string, place: string): string {
  return `${uid}/${place}`;
}

/**
 * Fields ready to be stored. A credential sent in its redacted form keeps what is stored; one that did not change
 * keeps its sealed text, so that an equal body stays equal; anything else is sealed anew. What is kept goes where it
 * went before: otherwise whoever may write an object could have its credentials sent to a server of their own.
 */
export function sealFields(
  kind: AnyKind,
  fields: Readonly<Record<string, unknown>>,
  vault: {
    readonly previous: Readonly<Record<string, unknown>> | undefined;
    seal(text: string, place: string): string;
    open(text: string, place: string): string;
  },
): Readonly<Record<string, unknown>> {
  const problems: FieldProblem[] = [];
  const isSealOf = (text: string, stored: string, place: string): boolean => {
    try {
      return vault.open(stored, place) === text;
    } catch {
      // What no longer opens, because its key is gone, can still be replaced.
      return false;
    }
  };
  const moved = (kind.secretsGoTo ?? []).find(
    (path) => !isDeepStrictEqual(valueAt(fields, path), valueAt(vault.previous, path)),
  );
  const sealed = mapSecrets({ ...fields }, kind.secrets, (text, place) => {
    const stored = vault.previous === undefined ? undefined : textAt(vault.previous, place);
    if (text === redactedSecret) {
      // What was stored before its field was declared a credential stands there readable.
      const isSealed = stored !== undefined && sealedKeyId(stored) !== undefined;
      if (stored !== undefined && !moved) return isSealed ? stored : vault.seal(stored, place);
      const message =
        stored === undefined
          ? `${redactedSecret} stands for a stored value, and none is stored`
          : `expected the value itself and not ${redactedSecret}, because ${moved?.join(".")} changes`;
      problems.push({ field: place, message });
      return text;
    }
    if (stored !== undefined && isSealOf(text, stored, place)) return stored;
    return vault.seal(text, place);
  });
  if (problems.length > 0) throw invalid(problems);
  return sealed;
}
