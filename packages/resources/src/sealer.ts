import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { failure } from "@octoplane/shared/errors";
import { sealingKeyId } from "@octoplane/shared/key-ring-text";
import type { Random } from "@octoplane/shared/random";

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * Seals credentials with AES-256-GCM (NIST SP 800-38D): 96-bit random nonce, 128-bit tag. The context (where the
 * text belongs) is authenticated with it, so that a sealed text cannot be moved to another object.
 * Form: `sealed:v1:<key id>:<base64 of nonce, tag and text>`. Holds a ring of keys: the first seals, and the one that the
 * text names opens.
 */
export class Sealer {
  readonly #random: Random;
  readonly #derived = new Map<string, Sealer>();
  #keys: readonly [Key, ...Key[]];

  /** Each key is 32 bytes. */
  constructor(keys: Buffer | readonly Buffer[], random: Random) {
    this.#keys = ringOf([keys].flat());
    this.#random = random;
  }

  /** The ids of the keys, the one in use first. */
  get keyIds(): readonly [string, ...string[]] {
    const [first, ...others] = this.#keys;
    return [first.id, ...others.map(({ id }) => id)];
  }

  /** Goes on with another ring, and so do all that were derived. */
  replaceKeys(keys: readonly Buffer[]): void {
    this.#keys = ringOf(keys);
    for (const [purpose, derived] of this.#derived) derived.replaceKeys(this.#keysFor(purpose));
  }

  seal(text: string, context: string): string {
    const [{ id, bytes }] = this.#keys;
    const nonce = this.#random.bytes(12);
    const cipher = createCipheriv("aes-256-gcm", bytes, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    const packed = Buffer.concat([nonce, cipher.getAuthTag(), body]);
    return `${prefix}${id}:${packed.toString("base64")}`;
  }

  /** Another sealer, with keys of its own that follow from these; the same one for the same purpose. */
  derive(purpose: string): Sealer {
    let derived = this.#derived.get(purpose);
    if (!derived) {
      derived = new Sealer(this.#keysFor(purpose), this.#random);
      this.#derived.set(purpose, derived);
    }
    return derived;
  }

  /** `Internal` when the text was sealed with another key, for another place, or was changed. */
  open(sealed: string, context: string): string {
    const keyId = sealedKeyId(sealed);
    if (keyId === undefined) throw failure("Internal", "a credential is not sealed");
    const key = this.#keys.find(({ id }) => id === keyId);
    if (!key) {
      throw failure("Internal", `a credential was sealed with the key ${keyId}, which is not here`);
    }
    const packed = Buffer.from(sealed.slice(prefix.length + keyId.length + 1), "base64");
    try {
      const decipher = createDecipheriv("aes-256-gcm", key.bytes, packed.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(packed.subarray(12, 28));
      return decipher.update(packed.subarray(28), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw failure("Internal", "a sealed credential does not open: it was changed or moved", {
        cause,
      });
    }
  }

  #keysFor(purpose: string): readonly Buffer[] {
    return this.#keys.map(({ bytes }) => createHmac("sha256", bytes).update(purpose).digest());
  }
}

/** The id of the key that a text was sealed with; `undefined` when the text is not sealed. */
export function sealedKeyId(text: string): string | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const end = text.indexOf(":", prefix.length);
  return end < 0 ? undefined : text.slice(prefix.length, end);
}

const prefix = "sealed:v1:";

function ringOf(keys: readonly Buffer[]): readonly [Key, ...Key[]] {
  const ring = keys.map((bytes) => {
    if (bytes.length !== 32) throw failure("Invalid", "expected sealing keys of 32 bytes");
    return { id: sealingKeyId(bytes), bytes };
  });
  const [first, ...others] = ring;
  if (!first) throw failure("Invalid", "expected at least one sealing key");
  return [first, ...others];
}
