import { limits } from "@octoplane/shared/limits";

/** Something that was asked of etcd and waits for its answer. */
export interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface PumpParts<Item> {
  /** Which of those that wait go into the next request; takes some whenever there are any. */
  readonly take: (waiting: readonly Item[]) => {
    readonly batch: readonly Item[];
    readonly left: readonly Item[];
  };
  /** One request. It answers each of its batch, or throws, and then all of them are refused with that. */
  readonly send: (batch: readonly Item[]) => Promise<void>;
}

/**
 * Gathers what is asked one by one into requests: what comes in one turn of the event loop goes
 * together, at once while fewer than `etcdRequestsMax` requests are under way, and with all that
 * arrives meanwhile otherwise. Nothing joins a request that was sent before it came.
 */
export class EtcdPump<Item extends Waiting<never>> {
  readonly #parts: PumpParts<Item>;
  #waiting: readonly Item[] = [];
  #arrived: Item[] = [];
  #underWay = 0;
  #isPumpDue = false;

  constructor(parts: PumpParts<Item>) {
    this.#parts = parts;
  }

  add(item: Item): void {
    this.#arrived.push(item);
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#underWay < limits.etcdRequestsMax) {
      if (this.#arrived.length > 0) {
        this.#waiting = [...this.#waiting, ...this.#arrived];
        this.#arrived = [];
      }
      if (this.#waiting.length === 0) return;
      const { batch, left } = this.#parts.take(this.#waiting);
      this.#waiting = left;
      this.#underWay += 1;
      void this.#send(batch);
    }
  }

  async #send(batch: readonly Item[]): Promise<void> {
    try {
      await this.#parts.send(batch);
    } catch (error) {
      for (const item of batch) item.reject(error);
    } finally {
      this.#underWay -= 1;
      this.#pump();
    }
  }
}
