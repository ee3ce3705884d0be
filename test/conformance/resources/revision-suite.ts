import { describe, expect, it } from "vitest";
import { ApplicationKind } from "@octoplane/kinds/application";
import { readBackupLine } from "@octoplane/kinds/backup-format";
import { backupLines } from "@octoplane/resources/backup/backup-lines";
import { restoreRecords } from "@octoplane/resources/restore/restore";
import { readRevisions } from "@octoplane/resources/revision-log";
import { limits } from "@octoplane/shared/limits";
import { applicationBody, namespace, type Bench, type OpenBench } from "./bench.ts";

/** What an application asked for before, to be gone back to. */
export function revisionSuite(open: OpenBench): void {
  const ref = { namespace, name: "web" };
  const change = async ({ resources }: Bench, delay: number): Promise<void> => {
    const apps = resources.of(ApplicationKind);
    await apps.update(ref, applicationBody("web", { spec: { backoff_delay: delay } }));
  };
  const create = async ({ resources }: Bench) =>
    await resources
      .of(ApplicationKind)
      .create(applicationBody("web", { spec: { backoff_delay: 100 } }), namespace);
  const delaysIn = async (bench: Bench, uid: string) =>
    (await readRevisions(bench.store, uid)).map(({ generation, fields }) => [
      generation,
      (fields["spec"] as { readonly backoff_delay: number }).backoff_delay,
    ]);

  describe("revisions", () => {
    it("are the specifications that were replaced, the newest first, and no more than are kept", async () => {
      await using bench = await open();
      const { metadata, spec } = await create(bench);
      expect(await readRevisions(bench.store, metadata.uid)).toEqual([]);
      await change(bench, 101);
      const [first] = await readRevisions(bench.store, metadata.uid);
      expect(first).toEqual({ generation: 1, since: metadata.modified, fields: { spec } });
      for (let delay = 102; delay <= 101 + limits.revisionsMax; delay += 1) {
        await change(bench, delay);
      }
      const delays = await delaysIn(bench, metadata.uid);
      expect(delays).toHaveLength(limits.revisionsMax);
      expect(delays[0]).toEqual([limits.revisionsMax + 1, 100 + limits.revisionsMax]);
      expect(delays.at(-1)).toEqual([2, 101]);
    });

    it("are not made by labels, nor by the status, and go with the application", async () => {
      await using bench = await open();
      const { metadata } = await create(bench);
      const apps = bench.resources.of(ApplicationKind);
      const labels = { metadata: { labels: { x: "y" } }, spec: { backoff_delay: 100 } };
      await apps.update(ref, applicationBody("web", labels));
      await apps.updateStatus(ref, metadata.uid, ({ status }) => ({
        status: { ...status, retries: 1 },
      }));
      expect(await readRevisions(bench.store, metadata.uid)).toEqual([]);
      await change(bench, 101);
      await change(bench, 102);
      expect(await delaysIn(bench, metadata.uid)).toEqual([
        [2, 101],
        [1, 100],
      ]);
      await apps.remove(ref, { force: true });
      expect((await bench.store.list("/revisions/")).entries).toEqual([]);
    });

    it("are in a backup", async () => {
      await using bench = await open();
      const { metadata } = await create(bench);
      await change(bench, 101);
      const { signal } = new AbortController();
      let text = "";
      for await (const lines of backupLines(bench.resources.parts, signal)) text += lines;
      const records = text
        .trimEnd()
        .split("\n")
        .map(readBackupLine)
        .flatMap((line) => (line.is === "record" ? [line.entry] : []));
      await bench.clear();
      const options = { replace: false, holdDeletions: false };
      await restoreRecords(bench.resources.parts, records, options);
      expect(await delaysIn(bench, metadata.uid)).toEqual([[1, 100]]);
    });
  });
}
