import { isFailure } from "@octoplane/shared/errors";
import type { Revision, Store } from "@octoplane/store/store";

/**
 * Writers that go on while their store is killed and comes back, and remember what was
 * acknowledged.
 */
export class CrashLoad {
  /** Key to revision, of every commit that resolved. */
  readonly acknowledged = new Map<string, Revision>();
  /** Keys whose commit was `Unavailable`: they may be there or not. */
  readonly unknown = new Set<string>();
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(store: Store, prefix: string, writers: number) {
    this.#running = Promise.all(
      Array.from({ length: writers }, (_, writer) => this.#write(store, `${prefix}${writer}/`)),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #write(store: Store, prefix: string): Promise<void> {
    for (let step = 0; !this.#isOver; step += 1) {
      const key = `${prefix}${step}`;
      try {
        const value = Buffer.from(key.padEnd(500, "."));
        const revision = await store.commit([{ key, revision: 0n }], [{ key, value }]);
        this.acknowledged.set(key, revision);
      } catch (error) {
        if (!isFailure(error, "Unavailable")) throw error;
        this.unknown.add(key);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
}
