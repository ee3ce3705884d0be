import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditRecordKind, type AuditEntry } from "@octoplane/kinds/audit-record";
import { AuditLog } from "@octoplane/resources/audit-log";
import { isoTime, systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { seededRandom } from "@octoplane/shared/random";
import { FaultyStore } from "@octoplane/store/faulty-store";
import { waitFor } from "../../wait-for.ts";
import type { Bench, OpenBench } from "./bench.ts";

/** The audit trail over a real store: order, bound, and a store that is away. */
export function auditSuite(open: OpenBench): void {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const most = 500;
  const openTrail = (parts: ConstructorParameters<typeof AuditLog>[0] = bench.resources.parts) =>
    new AuditLog(parts, { log: silentLog, most });
  let moment = Date.parse("2026-01-01T00:00:00Z");
  const entry = (name: string): AuditEntry => {
    moment += 1;
    return {
      time: isoTime(moment),
      user: "someone",
      groups: [],
      from: "127.0.0.1",
      client: "",
      method: "DELETE",
      path: "/x",
      verb: "delete",
      api: "x",
      resource: "things",
      namespace: null,
      name,
      dry_run: false,
      force: false,
      allowed: true,
      status: 200,
      code: null,
      duration_ms: 1,
      request_id: name,
    };
  };
  const names = async (): Promise<readonly (string | null)[]> => {
    const { items } = await bench.resources.of(AuditRecordKind).list();
    return items.map(({ spec }) => spec.name);
  };

  describe("the audit log", () => {
    it("keeps the order, and writes what waits when it is closed", async () => {
      await bench.clear();
      const trail = openTrail();
      for (const name of ["a", "b", "c"]) trail.append(entry(name));
      await trail[Symbol.asyncDispose]();
      expect(await names()).toEqual(["a", "b", "c"]);
    });

    it("keeps so many and no more: the oldest go", async () => {
      await bench.clear();
      const surplus = 150;
      const trail = openTrail();
      for (let index = 0; index < most + surplus; index += 1) trail.append(entry(`n${index}`));
      await trail[Symbol.asyncDispose]();
      const kept = await names();
      expect([kept.length, kept[0]]).toEqual([most, `n${surplus}`]);
    });

    it("loses nothing and tells nothing twice when the store fails now and then", async () => {
      await bench.clear();
      const { clock, random } = bench.resources.parts;
      const faults = { delay: 0, delayMostMs: 1, refused: 0.3, lostAnswer: 0.3, droppedWatch: 0 };
      const store = new FaultyStore(bench.store, { random: seededRandom(7), clock, faults });
      // Waiting is cut short: what is tested is what is written, not when.
      const hasty = {
        ...systemClock,
        after: (_ms: number, run: () => void) => clock.after(1, run),
      };
      const trail = openTrail({ store, clock: hasty, random });
      const told = Array.from({ length: 300 }, (_, index) => `f${index}`);
      for (const name of told) trail.append(entry(name));
      await waitFor("all of them", async () => (await names()).length === told.length);
      expect(await names()).toEqual(told);
      await trail[Symbol.asyncDispose]();
    });
  });
}
