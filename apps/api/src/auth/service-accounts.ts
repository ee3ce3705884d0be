import { ServiceAccountKind, type ServiceAccount } from "@octoplane/kinds/service-account";
import { refText } from "@octoplane/resources/keys";
import { parseVersion } from "@octoplane/resources/record";
import type { Resources } from "@octoplane/resources/resources";
import { limits } from "@octoplane/shared/limits";
import type { AccountClaim, Credential } from "./user.ts";

/**
 * Whether the service account of a token is still the one that it was issued to. From memory, which may be a moment behind
 * the store: an account that it does not show is looked for there before a token is refused.
 */
export class ServiceAccounts {
  readonly #resources: Resources;
  /** Accounts that were read in the store before the feed told of them. */
  readonly #ahead = new Map<string, ServiceAccount>();
  /** When the store was last asked for an account in vain, by its uid. */
  readonly #missed = new Map<string, number>();

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  /** Why a token is no longer taken; `undefined` when it is, or is no service account's. */
  reason({ account: claim, issued }: Credential): string | undefined {
    if (claim === undefined) return undefined;
    const account = this.#find(claim);
    if (account?.metadata.uid !== claim.uid || account.metadata.deleted !== null) {
      return `the service account ${refText(claim)} of the token is deleted`;
    }
    const notBefore = account.spec.tokens_not_before;
    if (notBefore === null || issued >= Date.parse(notBefore)) return undefined;
    return `the service account ${refText(claim)} takes no tokens from before ${notBefore}`;
  }

  /** Looks into the store for an account that memory does not show. */
  async look(claim: AccountClaim): Promise<void> {
    const { clock } = this.#resources.parts;
    if (this.#find(claim)?.metadata.uid === claim.uid) return;
    const missed = this.#missed.get(claim.uid);
    if (missed !== undefined && clock.monotonic() - missed < limits.accountLookMs) return;
    const { namespace, name } = claim;
    const stored = await this.#resources.of(ServiceAccountKind).get({ namespace, name });
    if (stored?.metadata.uid !== claim.uid) {
      if (this.#missed.size >= limits.verifiedTokensMax) this.#missed.clear();
      this.#missed.set(claim.uid, clock.monotonic());
      return;
    }
    if (this.#ahead.size >= limits.verifiedTokensMax) this.#ahead.clear();
    this.#ahead.set(refText(claim), stored);
  }

  #find(claim: AccountClaim): ServiceAccount | undefined {
    const key = refText(claim);
    const feed = this.#resources.feed(ServiceAccountKind);
    const ahead = this.#ahead.get(key);
    if (ahead === undefined) return feed.objects.get(key);
    const revision = parseVersion(ahead.metadata.resource_version)?.object ?? 0n;
    if (feed.revision < revision) return ahead;
    this.#ahead.delete(key);
    return feed.objects.get(key);
  }
}
