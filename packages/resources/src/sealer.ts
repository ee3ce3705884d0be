import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import { failure } from "@octoplane/shared/errors";
import type { Random } from "@octoplane/shared/random";

/**
 * Seals credentials with AES-256-GCM (NIST SP 800-38D): 96-bit random nonce, 128-bit tag. The context (where the
 * text belongs) is authenticated with it, so that a sealed text cannot be moved to another object.
 * Form: `sealed:v1:<key id>:<base64 of nonce, tag and text>`.
 */
export class Sealer {
  readonly #key: Buffer;
  readonly #keyId: string;
  readonly #random: Random;

  /** The key is 32 bytes. */
  constructor(key: Buffer, random: Random) {
    if (key.length !== 32) throw failure("Invalid", "expected a sealing key of 32 bytes");
    this.#key = key;
    this.#keyId = createHash("sha256").update(key).digest("hex").slice(0, 8);
    this.#random = random;
  }

  seal(text: string, context: string): string {
    const nonce = this.#random.bytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    const packed = Buffer.concat([nonce, cipher.getAuthTag(), body]);
    return `${prefix}${this.#keyId}:${packed.toString("base64")}`;
  }

  /** Another sealer, with a key of its own that follows from this one. */
  derive(purpose: string): Sealer {
    const key = createHmac("sha256", this.#key).update(purpose).digest();
    return new Sealer(key, this.#random);
  }

  /** `Internal` when the text was sealed with another key, for another place, or was changed. */
  open(sealed: string, context: string): string {
    const [keyId, base64] = sealed.slice(prefix.length).split(":");
    if (keyId !== this.#keyId) {
      throw failure("Internal", `a credential was sealed with the key ${keyId}, which is not here`);
    }
    const packed = Buffer.from(base64 ?? "", "base64");
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, packed.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(packed.subarray(12, 28));
      return decipher.update(packed.subarray(28), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw failure("Internal", "a sealed credential does not open: it was changed or moved", {
        cause,
      });
    }
  }
}

const prefix = "sealed:v1:";
