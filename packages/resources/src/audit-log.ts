import { AuditRecordKind, type AuditEntry } from "@octoplane/kinds/audit-record";
import { anyKind } from "@octoplane/kinds/kind";
import { backoffMs } from "@octoplane/shared/backoff";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { Log } from "@octoplane/shared/log";
import type { Write } from "@octoplane/store/store";
import { kindPrefix, partKey } from "./keys.ts";
import { encodeRecord, type ObjectRecord } from "./record.ts";
import type { Parts } from "./repository.ts";

/**
 * Writes the audit trail: what comes within a moment goes into one commit, together with the end of what is too old. Names
 * begin with the time, so that a list is in order. Writing never fails whoever did something; while the store is away
 * entries wait, and beyond the queue's bound they are dropped, which is logged: the log has them all.
 */
export class AuditLog implements AsyncDisposable {
  readonly #parts: Pick<Parts, "store" | "clock" | "random">;
  readonly #log: Log;
  readonly #most: number;
  /** With their names: a commit whose answer was lost is repeated, and tells nothing twice. */
  #queue: Write[] = [];
  #dropped = 0;
  #latest = 0;
  #told = 0;
  #attempt = 0;
  /** How many are stored, as far as is known; counted again now and then, because other servers write too. */
  #count: number | undefined;
  #sinceCount = 0;
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> | undefined;
  #isClosed = false;

  /** `most` is how many records are kept; with 0 none is written. */
  constructor(
    parts: Pick<Parts, "store" | "clock" | "random">,
    { log, most }: { readonly log: Log; readonly most: number },
  ) {
    this.#parts = parts;
    this.#log = log;
    this.#most = most;
  }

  append(entry: AuditEntry): void {
    if (this.#most === 0) return;
    if (this.#queue.length >= limits.auditQueueMax) this.#dropped += 1;
    else this.#queue.push(this.#write(entry));
    this.#schedule(limits.auditDelayMs);
  }

  /** Writes what waits; gives up what the store does not take. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#flushing;
    await this.#flush();
  }

  #schedule(delayMs: number): void {
    if (this.#cancel || this.#flushing || this.#isClosed) return;
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined;
        if (this.#queue.length > 0) this.#schedule(this.#delayMs());
      });
    });
  }

  #delayMs(): number {
    if (this.#attempt === 0) return limits.auditDelayMs;
    return backoffMs(this.#attempt, this.#parts.random.fraction(), {
      firstMs: limits.auditDelayMs,
      mostMs: 10_000,
    });
  }

  async #flush(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const next = this.#queue.slice(0, limits.auditBundleMax * limits.auditBundlesAtOnceMax);
        const old = await this.#tooOld(next.length);
        // What fails is repeated as a whole: writing a record again, or removing it again, changes nothing.
        await Promise.all(
          bundlesOf(next, old).map((writes) => this.#parts.store.commit([], writes)),
        );
        this.#queue = this.#queue.slice(next.length);
        this.#count = (this.#count ?? 0) + next.length - old.length;
        this.#sinceCount += next.length;
        this.#attempt = 0;
      }
      if (this.#dropped > 0) {
        this.#log.warn({ dropped: this.#dropped }, "audit records are in the log only");
        this.#dropped = 0;
      }
    } catch (error) {
      this.#attempt += 1;
      this.#log.warn(
        { err: error, waiting: this.#queue.length },
        "the audit trail cannot be written",
      );
    }
  }

  #write(entry: AuditEntry): Write {
    const { random } = this.#parts;
    const name = this.#nextName(Date.parse(entry.time));
    const record: ObjectRecord = {
      metadata: {
        name,
        namespace: null,
        labels: {},
        inherit_labels: false,
        finalizers: [],
        owners: [],
        uid: random.uuid(),
        created: isoTime(this.#parts.clock.now()),
        modified: isoTime(this.#parts.clock.now()),
        deleted: null,
        generation: 1,
      },
      fields: { spec: entry },
    };
    return { key: partKey(kind, { name }, "object"), value: encodeRecord(record) };
  }

  /** In the order in which requests came to their end here; of several servers, by their clocks. */
  #nextName(moment: number): string {
    this.#latest = Math.max(this.#latest, moment);
    this.#told = (this.#told + 1) % 0x1_0000;
    const time = isoTime(this.#latest).toLowerCase().replaceAll(/[-:.]/g, "");
    const turn = this.#told.toString(16).padStart(4, "0");
    return `${time}-${turn}-${this.#parts.random.bytes(4).toString("hex")}`;
  }

  /** The oldest records that have to go so that so many more find room. */
  async #tooOld(coming: number): Promise<readonly Write[]> {
    const { store } = this.#parts;
    const prefix = kindPrefix(kind);
    if (this.#count === undefined || this.#sinceCount >= this.#most / 10) {
      const { entries } = await store.list(prefix, { keysOnly: true });
      this.#count = entries.length;
      this.#sinceCount = 0;
    }
    const excess = this.#count + coming - this.#most;
    if (excess <= 0) return [];
    const { entries } = await store.list(prefix, {
      keysOnly: true,
      limit: Math.min(excess, coming),
    });
    return entries.map(({ key }) => ({ key, remove: true }));
  }
}

/** Commits of new records, each with as many that go. */
function bundlesOf(next: readonly Write[], old: readonly Write[]): readonly Write[][] {
  const size = limits.auditBundleMax;
  return Array.from({ length: Math.ceil(next.length / size) }, (_, index) =>
    [next, old].flatMap((writes) => writes.slice(index * size, (index + 1) * size)),
  );
}

const kind = anyKind(AuditRecordKind);
