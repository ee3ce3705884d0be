import type { TokenRevocation } from "@octoplane/kinds/token-revocation";
import { isoTime } from "@octoplane/shared/clock";
import type { User } from "./user.ts";

interface Entry {
  readonly uid: string;
  readonly token: string | undefined;
  readonly user: string | undefined;
  readonly before: number;
  readonly expires: number;
}

/** A revocation that may be removed, and which one of that name. */
export interface ExpiredRevocation {
  readonly name: string;
  readonly uid: string;
}

/**
 * Which tokens are revoked, in memory: asking costs two look-ups, whatever is in the book. Two revocations may be about the
 * same token or user; as long as one of them is there, it holds.
 */
export class RevocationBook {
  readonly #entries = new Map<string, Entry>();
  /** How many revocations name a token. */
  readonly #tokens = new Map<string, number>();
  /** The names of the revocations of a user, and the latest moment that they name. */
  readonly #users = new Map<string, { readonly names: Set<string>; before: number }>();

  get size(): number {
    return this.#entries.size;
  }

  /** Takes in a revocation as it is now; one that is marked for deletion is none any more. */
  put(revocation: TokenRevocation): void {
    const { metadata, spec } = revocation;
    this.remove(metadata.name);
    if (metadata.deleted !== null) return;
    const entry = {
      uid: metadata.uid,
      token: spec.token_id ?? undefined,
      user: spec.user ?? undefined,
      // The very millisecond in which it was made still counts as before: what is stolen then must end too.
      before: momentOf(spec.before) ?? Date.parse(metadata.created) + 1,
      expires: momentOf(spec.expires) ?? Infinity,
    };
    this.#entries.set(metadata.name, entry);
    if (entry.token !== undefined) {
      this.#tokens.set(entry.token, (this.#tokens.get(entry.token) ?? 0) + 1);
    }
    if (entry.user === undefined) return;
    const known = this.#users.get(entry.user) ?? { names: new Set(), before: -Infinity };
    known.names.add(metadata.name);
    known.before = Math.max(known.before, entry.before);
    this.#users.set(entry.user, known);
  }

  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    if (entry.token !== undefined) {
      const left = this.#tokens.get(entry.token)! - 1;
      if (left > 0) this.#tokens.set(entry.token, left);
      else this.#tokens.delete(entry.token);
    }
    const known = entry.user === undefined ? undefined : this.#users.get(entry.user);
    if (!known) return;
    known.names.delete(name);
    if (known.names.size === 0) this.#users.delete(entry.user!);
    const moments = [...known.names].map((other) => this.#entries.get(other)!.before);
    known.before = Math.max(-Infinity, ...moments);
  }

  /** Why the credential of a user is no longer taken; `undefined` when it is. Certificates are no tokens. */
  reason({ name, credential }: User): string | undefined {
    if (credential?.what !== "token") return undefined;
    const { id } = credential;
    if (id !== undefined && this.#tokens.has(id)) return "the token was revoked";
    const before = this.#users.get(name)?.before;
    if (before === undefined || credential.issued >= before) return undefined;
    return `the tokens of ${name} from before ${isoTime(before)} were revoked`;
  }

  /** Those whose time is over at a moment, `most` of them at most. */
  expired(moment: number, most: number): readonly ExpiredRevocation[] {
    const found: ExpiredRevocation[] = [];
    for (const [name, { uid, expires }] of this.#entries) {
      if (found.length >= most) break;
      if (expires < moment) found.push({ name, uid });
    }
    return found;
  }
}

/** A record that was restored may hold a moment that no calendar has. */
function momentOf(text: string | null): number | undefined {
  const moment = text === null ? NaN : Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}
