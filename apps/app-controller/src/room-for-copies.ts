import type { Copy } from "@octoplane/kinds/application";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** What an object that is only intended is still to be told of: a UUID and two digests. */
const untoldChars = 80;

/**
 * The copies, if what stands of all of them fits into one status, also when everything has been made. `TooLarge` otherwise: then
 * nothing is made that could not be written down. Pure.
 */
export function withRoom(copies: readonly Copy[]): readonly Copy[] {
  const objects = copies.flatMap(({ objects: made, hooks }) => [
    ...made,
    ...(hooks?.objects ?? []),
  ]);
  const untold = objects.filter(({ uid }) => uid === "").length;
  const size = Buffer.byteLength(JSON.stringify(copies)) + untold * untoldChars;
  if (size <= limits.inventoryBytesMax) return copies;
  const what = copies.length === 1 ? "" : ` on ${copies.length} clusters`;
  throw failure(
    "TooLarge",
    `${objects.length} objects${what} are more than can be kept track of; several applications could have them`,
  );
}
