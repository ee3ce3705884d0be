/**
 * The records of the LMDB layout, as bytes. Numbers are big-endian, so that keys sort as numbers
 * do.
 */

/** Where a value stands in the log, and what the index must know without reading it. */
export interface Place {
  readonly created: bigint;
  readonly revision: bigint;
  readonly index: number;
  /** 0n without a lease. */
  readonly lease: bigint;
}

/** One write of a commit; a remove has no value. */
export interface LogRecord {
  readonly key: string;
  readonly created: bigint;
  readonly value: Buffer | undefined;
}

export interface LmdbState {
  readonly revision: bigint;
  /** Lists and watches before this revision are refused. */
  readonly compacted: bigint;
  /** What was forgotten up to this revision is also gone from the files. */
  readonly cleaned: bigint;
  /** The newest lease number; never used again, not even after a restart. */
  readonly lease: bigint;
}

const putTag = 1;
const removeTag = 2;
const logHeaderBytes = 11;

export function encodeState(state: LmdbState): Buffer {
  return bigints([state.revision, state.compacted, state.cleaned, state.lease]);
}

export function decodeState(bytes: Buffer): LmdbState {
  return {
    revision: bytes.readBigUInt64BE(0),
    compacted: bytes.readBigUInt64BE(8),
    cleaned: bytes.readBigUInt64BE(16),
    lease: bytes.readBigUInt64BE(24),
  };
}

export function encodePlace(place: Place): Buffer {
  const bytes = Buffer.allocUnsafe(28);
  bytes.writeBigUInt64BE(place.created, 0);
  bytes.writeBigUInt64BE(place.revision, 8);
  bytes.writeUInt32BE(place.index, 16);
  bytes.writeBigUInt64BE(place.lease, 20);
  return bytes;
}

export function decodePlace(bytes: Buffer): Place {
  return {
    created: bytes.readBigUInt64BE(0),
    revision: bytes.readBigUInt64BE(8),
    index: bytes.readUInt32BE(16),
    lease: bytes.readBigUInt64BE(20),
  };
}

export function logKey(revision: bigint, index: number): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeBigUInt64BE(revision, 0);
  bytes.writeUInt32BE(index, 8);
  return bytes;
}

export function logKeyRevision(key: Buffer): bigint {
  return key.readBigUInt64BE(0);
}

export function encodeLog(key: Buffer, created: bigint, value: Uint8Array | undefined): Buffer {
  const size = logHeaderBytes + key.length + (value?.byteLength ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = value ? putTag : removeTag;
  bytes.writeBigUInt64BE(created, 1);
  bytes.writeUInt16BE(key.length, 9);
  key.copy(bytes, logHeaderBytes);
  if (value) bytes.set(value, logHeaderBytes + key.length);
  return bytes;
}

export function decodeLog(bytes: Buffer): LogRecord {
  const valueAt = logHeaderBytes + bytes.readUInt16BE(9);
  return {
    key: bytes.toString("utf8", logHeaderBytes, valueAt),
    created: bytes.readBigUInt64BE(1),
    value: bytes[0] === putTag ? bytes.subarray(valueAt) : undefined,
  };
}

/** Keys hold no NUL, so the order of these is the order of the keys and then of the revisions. */
export function pastKey(key: string | Buffer, ended: bigint): Buffer {
  const name = Buffer.from(key);
  const bytes = Buffer.allocUnsafe(name.length + 9);
  name.copy(bytes);
  bytes[name.length] = 0;
  bytes.writeBigUInt64BE(ended, name.length + 1);
  return bytes;
}

export function decodePastKey(bytes: Buffer): { readonly key: Buffer; readonly ended: bigint } {
  const nameBytes = bytes.length - 9;
  return { key: bytes.subarray(0, nameBytes), ended: bytes.readBigUInt64BE(nameBytes + 1) };
}

export function leasedKey(lease: bigint, key: Buffer): Buffer {
  return Buffer.concat([bigints([lease]), key]);
}

export function decodeLeasedKey(bytes: Buffer): { readonly lease: bigint; readonly key: string } {
  return { lease: bytes.readBigUInt64BE(0), key: bytes.toString("utf8", 8) };
}

function bigints(values: readonly bigint[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  values.forEach((value, position) => bytes.writeBigUInt64BE(value, position * 8));
  return bytes;
}
