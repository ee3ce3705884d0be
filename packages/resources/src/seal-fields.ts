import type { AnyKind } from "@octoplane/kinds/kind";
import { invalid, type FieldProblem } from "@octoplane/shared/errors";
import { mapSecrets, redacted, textAt } from "./secret-fields.ts";

/** A sealed text opens only where it was made: in this object, at this place. */
export function sealContext(uid: string, place: string): string {
  return `${uid}/${place}`;
}

/**
 * Fields ready to be stored. A credential sent in its redacted form keeps what is stored; one that did not change
 * keeps its sealed text, so that an equal body stays equal; anything else is sealed anew.
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
  const sealed = mapSecrets({ ...fields }, kind.secrets, (text, place) => {
    const stored = vault.previous === undefined ? undefined : textAt(vault.previous, place);
    if (text === redacted) {
      if (stored !== undefined) return stored;
      problems.push({
        field: place,
        message: `${redacted} stands for a stored value, and none is stored`,
      });
      return text;
    }
    if (stored !== undefined && vault.open(stored, place) === text) return stored;
    return vault.seal(text, place);
  });
  if (problems.length > 0) throw invalid(problems);
  return sealed;
}
