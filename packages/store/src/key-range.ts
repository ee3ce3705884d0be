/** Ranges of keys, in bytes: how a prefix becomes a first key and an end. */

/**
 * The first key after all keys that begin with the prefix; undefined when nothing comes after them.
 */
export function prefixEnd(prefix: Uint8Array): Buffer | undefined {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last]!;
    if (byte === 0xff) continue;
    end[last] = byte + 1;
    return end.subarray(0, last + 1);
  }
  return undefined;
}

/** Where the keys after this one begin: keys hold no NUL, so nothing lies between the two. */
export function keyAfter(key: string): Buffer {
  return Buffer.from(`${key}\u0001`);
}

/** The first key of a page: the prefix itself, or what follows `after` when that is further. */
export function firstKey(prefix: string, after: string | undefined): Buffer {
  const start = Buffer.from(prefix);
  if (after === undefined) return start;
  const next = keyAfter(after);
  return Buffer.compare(next, start) > 0 ? next : start;
}
