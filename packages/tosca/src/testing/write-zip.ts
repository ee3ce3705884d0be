import { crc32, deflateRawSync } from "node:zlib";

/** An entry of an archive for tests; everything about it may be wrong. */
export interface TestEntry {
  readonly name: string;
  readonly text?: string;
  /** The mode of the file in Unix, such as 0o120777 for a link. */
  readonly mode?: number;
  readonly isEncrypted?: boolean;
  /** The length that the directory tells, when it is not the true one. */
  readonly toldLength?: number;
}

/** A ZIP archive (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16), as tests want it. */
export function writeZip(entries: readonly TestEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { name, text = "", mode = 0o100644, isEncrypted = false } = entry;
    const [nameBytes, content] = [Buffer.from(name), Buffer.from(text)];
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((isEncrypted ? 1 : 0) | 0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.toldLength ?? content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("504b0304", "hex"), common, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(mode * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    const made = Buffer.from("504b01021403", "hex");
    directory.push(Buffer.concat([made, common, tail, nameBytes]));
    files.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listing, end]);
}
