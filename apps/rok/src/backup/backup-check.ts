import { createHash } from "node:crypto";
import {
  readBackupLine,
  type BackupHeader,
  type BackupLine,
  type BackupTrailer,
} from "@octoplane/kinds/backup-format";
import { failure, isFailure } from "@octoplane/shared/errors";

/**
 * Reads a backup line by line, from wherever it comes, and knows at the end whether it is whole: a header, as many records as
 * the trailer counts, and the very bytes that it was made of.
 */
export class BackupCheck {
  readonly #hash = createHash("sha256");
  #lines = 0;
  #records = 0;
  #header: BackupHeader | undefined;
  #trailer: BackupTrailer | undefined;

  get records(): number {
    return this.#records;
  }

  /** The number of the line that was taken last, from 1. */
  get line(): number {
    return this.#lines;
  }

  /** `Invalid` with the number of a line that does not belong there; `Unavailable` for what the server could not do. */
  take(text: string): BackupLine {
    this.#lines += 1;
    const line = this.#read(text);
    if (line.is === "error") {
      throw failure("Unavailable", `the server could not end the backup: ${line.message}`);
    }
    if (this.#trailer) throw this.#wrong("expected nothing behind the trailer");
    if ((line.is === "header") !== (this.#lines === 1)) {
      const expected = this.#lines === 1 ? "the header of a backup" : "one header only";
      throw this.#wrong(`expected ${expected}`);
    }
    if (line.is === "header") this.#header = line.header;
    if (line.is === "record") this.#records += 1;
    if (line.is === "trailer") this.#close(line.trailer);
    else this.#hash.update(`${text}\n`);
    return line;
  }

  /** To be called behind the last line. `Invalid` when the backup is not whole. */
  end(): { readonly header: BackupHeader; readonly trailer: BackupTrailer } {
    if (this.#header && this.#trailer) return { header: this.#header, trailer: this.#trailer };
    if (this.#lines === 0) throw failure("Invalid", "there is no backup in it");
    throw failure(
      "Invalid",
      `the backup is broken: it ends behind line ${this.#lines}, without its trailer`,
    );
  }

  #close(trailer: BackupTrailer): void {
    if (trailer.records !== this.#records) {
      const message = `the backup is broken: it has ${this.#records} records, and its trailer counts ${trailer.records}`;
      throw failure("Invalid", message);
    }
    if (trailer.sha256 !== this.#hash.digest("hex")) {
      throw failure("Invalid", "the backup is broken: its SHA-256 is not that of its trailer");
    }
    this.#trailer = trailer;
  }

  #read(text: string): BackupLine {
    try {
      return readBackupLine(text);
    } catch (error) {
      if (!isFailure(error, "Invalid")) throw error;
      throw this.#wrong(error.message);
    }
  }

  #wrong(message: string): Error {
    return failure("Invalid", `line ${this.#lines}: ${message}`);
  }
}
