import type { Resources } from "@octoplane/resources/resources";
import { failure } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import { Revocations } from "./revocations.ts";
import { ServiceAccounts } from "./service-accounts.ts";
import type { User } from "./user.ts";

/**
 * Whether a credential that was found good still is: not expired, not revoked, its service account still there. Asked for
 * every request and for what stays open after one, so it is answered from memory.
 */
export class Standing implements AsyncDisposable {
  readonly #clock: Resources["parts"]["clock"];
  readonly revocations: Revocations;
  readonly #accounts: ServiceAccounts;

  constructor(resources: Resources, log: Log) {
    this.#clock = resources.parts.clock;
    this.revocations = new Revocations(resources, log);
    this.#accounts = new ServiceAccounts(resources);
  }

  async start(): Promise<void> {
    await this.revocations.start();
  }

  /** Why the user's credential is no longer taken; `undefined` when it is. */
  reason(user: User): string | undefined {
    const { credential } = user;
    if (credential === undefined) return undefined;
    if (credential.end <= this.#clock.now()) return `the ${credential.what} has expired`;
    return this.revocations.reason(user) ?? this.#accounts.reason(credential);
  }

  /** The user again; `Unauthenticated` when the credential is no longer taken. */
  checked(user: User): User | Promise<User> {
    const reason = this.reason(user);
    if (reason === undefined) return user;
    if (user.credential?.account === undefined) throw failure("Unauthenticated", reason);
    return this.#again(user);
  }

  async #again(user: User): Promise<User> {
    const account = user.credential?.account;
    if (account !== undefined) await this.#accounts.look(account);
    const reason = this.reason(user);
    if (reason === undefined) return user;
    throw failure("Unauthenticated", reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.revocations[Symbol.asyncDispose]();
  }
}
