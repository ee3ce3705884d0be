import { TokenRevocationKind, type TokenRevocation } from "@octoplane/kinds/token-revocation";
import { parseVersion } from "@octoplane/resources/record";
import type { Resources } from "@octoplane/resources/resources";
import { isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import { RevocationBook } from "./revocation-book.ts";
import type { User } from "./user.ts";

/**
 * The revocations of the store, in a book that a feed keeps true. Those that have expired are removed by whichever API
 * server comes first: each looks at a moment of its own, the removal names the uid, and to find that another was faster is
 * no failure. So nobody has to be elected, and a single server does it as well as ten.
 */
export class Revocations implements AsyncDisposable {
  readonly #book = new RevocationBook();
  readonly #resources: Resources;
  readonly #log: Log;
  #unlisten = (): void => undefined;
  #cancel = (): void => undefined;
  #sweeping: Promise<void> | undefined;
  #isClosed = false;

  constructor(resources: Resources, log: Log) {
    this.#resources = resources;
    this.#log = log;
  }

  /** What was revoked before the server began to listen holds for its first request. */
  async start(): Promise<void> {
    const feed = this.#resources.feed(TokenRevocationKind);
    await feed.caughtUp();
    for (const revocation of feed.objects.values()) this.#book.put(revocation);
    this.#unlisten = feed.listen((events) => {
      for (const { type, object } of events) {
        if (type === "DELETED") this.#book.remove(object.metadata.name);
        else this.#book.put(object);
      }
    });
    this.#plan();
  }

  /** Why the credential of a user is no longer taken; `undefined` when it is. From memory. */
  reason(user: User): string | undefined {
    return this.#book.reason(user);
  }

  /** For one that was stored just now: it holds here at once, without waiting for the feed to tell of it. */
  note(revocation: TokenRevocation): void {
    const stored = parseVersion(revocation.metadata.resource_version)?.object ?? 0n;
    // The feed may be past it, and may know of its end.
    if (this.#resources.feed(TokenRevocationKind).revision < stored) this.#book.put(revocation);
  }

  /** Removes what has expired, up to a bound; what fails is left for the next time. */
  async sweep(): Promise<void> {
    const { clock } = this.#resources.parts;
    // Clocks differ: a token that another server still takes must still be found revoked there.
    const moment = clock.now() - 2 * limits.clockSkewSeconds * 1_000;
    const revocations = this.#resources.of(TokenRevocationKind);
    for (const { name, uid } of this.#book.expired(moment, limits.revocationSweepMax)) {
      if (this.#isClosed) return;
      try {
        await revocations.remove({ name }, { force: true, uid });
      } catch (error) {
        if (isFailure(error, "NotFound")) continue;
        this.#log.warn({ err: error }, "an expired revocation cannot be removed");
        return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#unlisten();
    this.#cancel();
    await this.#sweeping;
  }

  #plan(): void {
    const { clock, random } = this.#resources.parts;
    const delay = limits.revocationSweepMs * (0.5 + random.fraction());
    this.#cancel = clock.after(delay, () => {
      this.#sweeping = this.sweep().finally(() => {
        if (!this.#isClosed) this.#plan();
      });
    });
  }
}
