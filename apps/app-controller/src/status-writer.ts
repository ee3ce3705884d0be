import { isDeepStrictEqual } from "node:util";
import type { Application, ApplicationStatus, Copy } from "@octoplane/kinds/application";
import { parseRef } from "@octoplane/resources/keys";
import { sameRef } from "@octoplane/resources/record";
import { failure } from "@octoplane/shared/errors";
import type { AppWorld } from "./app-world.ts";

/** Writes the status of one application during one reconcile, each time on top of what it wrote before. */
export class StatusWriter {
  readonly #world: Pick<AppWorld, "repository" | "wrote">;
  readonly #key: string;
  #app: Application;
  /** The write that is under way: those of several places follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(world: Pick<AppWorld, "repository" | "wrote">, key: string, app: Application) {
    this.#world = world;
    this.#key = key;
    this.#app = app;
  }

  /**
   * Nothing is written when nothing is different. `Conflict` when somebody else has changed what stands where: the books of
   * copies are kept by whoever read them last, or objects would be forgotten on their clusters.
   */
  async write(change: (status: ApplicationStatus) => ApplicationStatus): Promise<void> {
    const write = this.#last.then(() => this.#write(change));
    // Whoever asked for a write is told of its failure; the next one finds out for itself.
    this.#last = write.catch(() => undefined);
    await write;
  }

  /** Writes down how far one copy has come, as far as it is in the books. */
  async writeCopy(copy: Copy): Promise<void> {
    await this.write((current) => ({
      ...current,
      copies: current.copies.map((one) => (sameRef(one.cluster, copy.cluster) ? copy : one)),
    }));
  }

  async #write(change: (status: ApplicationStatus) => ApplicationStatus): Promise<void> {
    const known = this.#app.status.copies;
    this.#app = await this.#world.repository.updateStatus(
      parseRef(this.#key),
      this.#app.metadata.uid,
      (current) => {
        if (!isDeepStrictEqual(current.status.copies, known)) {
          throw failure("Conflict", "the application's copies changed while it was worked on");
        }
        const status = change(current.status);
        return isDeepStrictEqual(status, current.status) ? undefined : { status };
      },
      this.#app,
    );
    this.#world.wrote(this.#key, this.#app);
  }
}
