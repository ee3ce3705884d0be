import { textOf } from "@octoplane/shared/text-of";
import { failure, isFailure, type ErrorCode, type OctoplaneError } from "@octoplane/shared/errors";

/**
 * etcd's errors as ours. etcd3 keeps only the text of most of them, so the text is what is looked
 * at; the texts are those of etcd's api/v3rpc/rpctypes/error.go, which clients of etcd may rely on.
 */
const byText: readonly (readonly [string, ErrorCode, string])[] = [
  ["required revision has been compacted", "Compacted", "this history is forgotten"],
  ["required revision is a future revision", "Invalid", "the revision is yet to come"],
  ["request is too large", "TooLarge", "etcd takes no request that large"],
  ["too many operations in txn", "TooLarge", "etcd takes no commit of so many operations"],
  ["requested lease not found", "NotFound", "the lease has ended"],
];

/** The error of a request as one of the closed set; what is not known is `Unavailable`. */
export function etcdFailure(error: unknown, doing: string): OctoplaneError {
  if (isFailure(error)) return error;
  const text = messageIn(error);
  const known = byText.find(([part]) => text.includes(part));
  return known
    ? failure(known[1], `${doing}: ${known[2]}`, { cause: error })
    : failure("Unavailable", `${doing}: etcd does not answer as it should`, { cause: error });
}

/** True when another member may answer what this one did not. */
export function isElsewhere(error: unknown): boolean {
  return etcdFailure(error, "").code === "Unavailable";
}

/** True when the request cannot have reached etcd, so that sending it again repeats nothing. */
export function isUnsent(error: unknown): boolean {
  const text = messageIn(error);
  return [
    "No connection established",
    "Name resolution failed",
    "invalid user ID or password",
  ].some((part) => text.includes(part));
}

function messageIn(error: unknown): string {
  return error instanceof Error ? error.message : textOf(error);
}
