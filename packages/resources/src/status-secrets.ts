import type { AnyKind, FieldPath } from "@octoplane/kinds/kind";
import { redactedSecret } from "@octoplane/kinds/redacted-secret";
import { failure } from "@octoplane/shared/errors";
import type { Revision, Store } from "@octoplane/store/store";
import { decodeStatus } from "./record.ts";
import { sealContext, sealFields } from "./seal-fields.ts";
import { sealedKeyId, type Sealer } from "./sealer.ts";
import { mapSecrets } from "./secret-fields.ts";

/** Credentials in a status: those paths of `kind.secrets` that begin with `status`. */

type Status = Readonly<Record<string, unknown>>;

/** The paths of a kind into one of its records. */
export function secretsIn(kind: AnyKind, part: "object" | "status"): readonly FieldPath[] {
  return kind.secrets.filter(([head]) => (head === "status") === (part === "status"));
}

/**
 * A status ready to be stored. What is redacted in it keeps what is stored at this revision; `Conflict` when the status is
 * no longer at it. Reads nothing where there are no credentials, as in nearly every write.
 */
export async function sealStatus(
  kind: AnyKind,
  status: Status,
  { store, sealer }: { readonly store: Store; readonly sealer: Sealer },
  at: { readonly key: string; readonly uid: string; readonly revision: Revision },
): Promise<Status> {
  if (!hasSecrets(kind, status)) return status;
  const entry = await store.get(at.key);
  if (entry?.revision !== at.revision) {
    throw failure("Conflict", `${at.key} was changed meanwhile`);
  }
  const previous = { status: decodeStatus(entry).record.status };
  const sealed = sealFields(
    kind,
    { status },
    {
      previous,
      seal: (text, place) => sealer.seal(text, sealContext(at.uid, place)),
      open: (text, place) => sealer.open(text, sealContext(at.uid, place)),
    },
  );
  return sealed["status"] as Status;
}

function hasSecrets(kind: AnyKind, status: Status): boolean {
  let found = false;
  mapSecrets({ status }, secretsIn(kind, "status"), (text) => {
    found = true;
    return text;
  });
  return found;
}

/** The status as everyone but its owner sees it. */
export function redactStatus(kind: AnyKind, status: Status): Status {
  return mapSecrets({ status }, secretsIn(kind, "status"), () => redactedSecret).status;
}

/**
 * The stored status with its credentials readable. One from before its field was declared a credential stands there as it
 * is, until it is written or resealed.
 */
export function openStatus(
  kind: AnyKind,
  status: Status,
  uid: string,
  { sealer }: { readonly sealer: Sealer },
): Status {
  return mapSecrets({ status }, secretsIn(kind, "status"), (text, place) =>
    sealedKeyId(text) === undefined ? text : sealer.open(text, sealContext(uid, place)),
  ).status;
}
