import { setImmediate as turnOfOthers } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { anyKind, type AnyKind, type AnyResource } from "@octoplane/kinds/kind";
import { MetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import type { Repository } from "@octoplane/resources/repository";
import { countKeys, reseal } from "@octoplane/resources/reseal";
import { Sealer } from "@octoplane/resources/sealer";
import { isFailure } from "@octoplane/shared/errors";
import { systemRandom } from "@octoplane/shared/random";
import {
  applicationBody,
  bodyOf,
  clusterBody,
  codeOf,
  input,
  namespace,
  secrets,
  type Bench,
  type OpenBench,
} from "./bench.ts";

const kind = anyKind(ClusterKind);

/** Keys that change while everything goes on (ADR 10). */
export function rotationSuite(open: OpenBench): void {
  let bench: Bench;
  let sealer: Sealer;
  let clusters: Repository<Cluster>;
  const [first, second] = [systemRandom.bytes(32), systemRandom.bytes(32)];
  const idOf = (key: Buffer): string => new Sealer(key, systemRandom).keyIds[0];
  beforeEach(async () => {
    bench = await open();
    sealer = new Sealer(first, systemRandom);
    clusters = bench.another(sealer).of(ClusterKind);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const parts = () => ({ store: bench.store, sealer });
  const stored = async (): Promise<string> => {
    const { entries } = await bench.store.list("/");
    return entries.map(({ value }) => Buffer.from(value).toString("latin1")).join("\n");
  };
  const create = (name: string): Promise<Cluster> => clusters.create(clusterBody(name), namespace);
  const tokenOf = async (name: string): Promise<unknown> => {
    const { spec } = await clusters.reveal({ namespace, name });
    const [entry] = spec.kubeconfig["users"] as readonly { readonly user: object }[];
    return (entry!.user as { readonly token?: unknown }).token;
  };

  describe("a rotation of keys", () => {
    it("opens everything before, during and after, while readers and writers run", async () => {
      const names = Array.from({ length: 12 }, (_none, at) => `c${at}`);
      await Promise.all(names.map(create));
      const made: string[] = [...names];
      let isOver = false;
      const [written, read] = [{ count: 0 }, { count: 0 }];
      const writer = async (offset: number): Promise<void> => {
        for (let turn = 0; !isOver; turn += 1) {
          const name = names[(turn * 5 + offset) % names.length]!;
          const fresh = `w${offset}-${turn}`;
          made.push((await create(fresh)).metadata.name);
          const labels = { turn: `${turn}` };
          const current = await clusters.get({ namespace, name });
          const body = { ...current, metadata: { ...current!.metadata, labels } };
          await clusters.update({ namespace, name }, bodyOf(kind, body)).catch((error: unknown) => {
            // A reseal or the other writer was faster.
            if (!isFailure(error, "Conflict", "NoChange")) throw error;
          });
          written.count += 1;
          await turnOfOthers();
        }
      };
      const reader = async (): Promise<void> => {
        for (let turn = 0; !isOver; turn += 1) {
          expect(await tokenOf(made[turn % made.length]!)).toBe(secrets.token);
          read.count += 1;
          await turnOfOthers();
        }
      };
      const running = Promise.all([writer(0), writer(1), reader(), reader()]);
      running.catch(() => undefined);
      const progress = async (): Promise<void> => {
        const [w, r] = [written.count, read.count];
        await expect
          .poll(() => written.count > w + 2 && read.count > r + 2, { timeout: 20_000 })
          .toBe(true);
      };
      try {
        await progress();
        sealer.replaceKeys([first, second]);
        await progress();
        sealer.replaceKeys([second, first]);
        await progress();
        const result = await reseal(parts());
        expect([result.failed, result.unopened]).toEqual([0, []]);
        expect(result.resealed).toBeGreaterThanOrEqual(names.length);
        await progress();
        expect((await countKeys(parts()))[idOf(first)]).toBe(0);
        sealer.replaceKeys([second]);
        await progress();
      } finally {
        isOver = true;
      }
      await running;
      for (const name of made) expect(await tokenOf(name)).toBe(secrets.token);
      expect(await stored()).not.toContain(`:${idOf(first)}:`);
      expect(await stored()).toContain(`sealed:v1:${idOf(second)}:`);
    });

    it("changes nothing of an object but its version, and nothing at all the second time", async () => {
      const before = await create("edge");
      sealer.replaceKeys([second, first]);
      expect(await countKeys(parts())).toEqual({ [idOf(second)]: 0, [idOf(first)]: 1 });
      const result = await reseal(parts());
      const keys = { [idOf(second)]: 1, [idOf(first)]: 0 };
      expect(result).toEqual({ resealed: 1, unchanged: 0, keys, failed: 0, unopened: [] });
      const after = (await clusters.get({ namespace, name: "edge" }))!;
      const { resource_version: was, ...metadata } = before.metadata;
      const { resource_version: is, ...others } = after.metadata;
      expect([{ ...after, metadata: others }, is === was]).toEqual([
        { ...before, metadata },
        false,
      ]);
      expect(await reseal(parts())).toMatchObject({ resealed: 0, unchanged: 1, keys });
      expect((await clusters.get({ namespace, name: "edge" }))!.metadata.resource_version).toBe(is);
    });

    it("goes over more than one page, and over every kind with credentials", async () => {
      const provider = anyKind(MetricsProviderKind);
      const influx = { url: "http://influx:8086", token: secrets.token, org: "o", bucket: "b" };
      const body = { metadata: { name: "p" }, spec: { type: "influx", influx } };
      const providers = bench.another(sealer).of(MetricsProviderKind);
      await providers.create(input(provider, body), namespace);
      // Two records each: more than a page of the store holds.
      const names = Array.from({ length: 260 }, (_none, at) => `many-${at}`);
      await Promise.all(names.map(create));
      sealer.replaceKeys([second, first]);
      expect(await reseal(parts())).toMatchObject({ resealed: 261, failed: 0 });
      expect(await stored()).not.toContain(`:${idOf(first)}:`);
    });

    it("names the objects that do not open, and leaves them and their records", async () => {
      await create("lost");
      sealer.replaceKeys([second]);
      await create("kept");
      const text = await stored();
      expect(await reseal(parts())).toEqual({
        resealed: 0,
        unchanged: 1,
        keys: { [idOf(second)]: 1, [idOf(first)]: 1 },
        failed: 1,
        unopened: [{ api: "kubernetes", kind: "Cluster", namespace, name: "lost" }],
      });
      expect(await stored()).toBe(text);
    });

    it("without the old key leaves credentials that can be sent anew", async () => {
      await create("lost");
      sealer.replaceKeys([second]);
      expect(await codeOf(clusters.reveal({ namespace, name: "lost" }))).toBe("Internal");
      await clusters.update({ namespace, name: "lost" }, clusterBody("lost"));
      expect(await tokenOf("lost")).toBe(secrets.token);
    });

    it("lets a list go on whose pages began before", async () => {
      for (const name of ["a", "b", "c"]) await create(name);
      const page = await clusters.list({ namespace, limit: 1 });
      sealer.replaceKeys([second, first]);
      const rest = await clusters.list({ namespace, next: page.next! });
      expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(["b", "c"]);
      const other = await clusters.list({ namespace, limit: 1 });
      sealer.replaceKeys([systemRandom.bytes(32)]);
      expect(await codeOf(clusters.list({ namespace, next: other.next! }))).toBe("Invalid");
    });
  });

  describe("a credential in a status", () => {
    const sealing: AnyKind = {
      ...anyKind(ApplicationKind),
      secrets: [["status", "complete_token"]],
    };
    const app = { namespace, name: "app" };
    const open = () => bench.another(sealer).of(sealing);
    const withToken =
      (token: string | null) =>
      ({ status }: AnyResource) => ({ status: { ...status, complete_token: token } as never });
    const shown = ({ status }: AnyResource): unknown => status!["complete_token"];

    it("is sealed when it is written, redacted in answers, and kept when it comes back so", async () => {
      const resources = bench.another(sealer);
      const repository = resources.of(sealing);
      const feed = resources.feed(sealing);
      await feed.ready();
      const { metadata } = await repository.create(applicationBody("app"), namespace);
      const before = await repository.updateStatus(app, metadata.uid, withToken("t0ken-of-a-hook"));
      expect(shown(before)).toBe("REDACTED");
      const after = await repository.updateStatus(app, metadata.uid, ({ status }) => ({
        status: { ...status, retries: 3 } as never,
      }));
      const list = await repository.list({ namespace });
      await expect
        .poll(() => feed.objects.get(`${namespace}/app`)?.metadata.resource_version)
        .toBe(after.metadata.resource_version);
      const cached = feed.objects.get(`${namespace}/app`)!;
      expect([after, list.items[0]!, await repository.mustGet(app), cached].map(shown)).toEqual(
        Array.from({ length: 4 }, () => "REDACTED"),
      );
      expect(await stored()).not.toContain("t0ken-of-a-hook");
      const revealed = await repository.reveal(app);
      expect([shown(revealed), revealed.status!["state"]]).toEqual(["t0ken-of-a-hook", "PENDING"]);
      const none = await repository.updateStatus(app, metadata.uid, withToken(null));
      expect([shown(none), shown(await repository.reveal(app))]).toEqual([null, null]);
      const invented = repository.updateStatus(app, metadata.uid, withToken("REDACTED"));
      expect(await codeOf(invented)).toBe("Invalid");
    });

    it("is written once on the newest state when others write from an old one", async () => {
      const repository = open();
      const old = await repository.create(applicationBody("app"), namespace);
      await repository.updateStatus(app, old.metadata.uid, withToken("first"));
      const late = await repository.updateStatus(
        app,
        old.metadata.uid,
        ({ status }) => ({ status: { ...status, retries: 2 } as never }),
        old,
      );
      expect([shown(late), shown(await repository.reveal(app))]).toEqual(["REDACTED", "first"]);
    });

    it("comes under the key in use, also when it was stored before it was declared one", async () => {
      const plain = bench.another(sealer).of({ ...sealing, secrets: [] } as AnyKind);
      const { metadata } = await plain.create(applicationBody("app"), namespace);
      await plain.updateStatus(app, metadata.uid, withToken("t0ken-in-clear"));
      expect(await stored()).toContain("t0ken-in-clear");
      const repository = open();
      expect(shown(await repository.reveal(app))).toBe("t0ken-in-clear");
      expect(await reseal(parts(), [sealing])).toMatchObject({ resealed: 1, failed: 0 });
      expect(await stored()).not.toContain("t0ken-in-clear");
      sealer.replaceKeys([second, first]);
      expect(await reseal(parts(), [sealing])).toMatchObject({ resealed: 1, failed: 0 });
      sealer.replaceKeys([second]);
      expect(shown(await repository.reveal(app))).toBe("t0ken-in-clear");
    });
  });
}
