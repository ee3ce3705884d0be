import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { anyKind } from "@octoplane/kinds/kind";
import { MetricsProviderKind } from "@octoplane/kinds/metrics-provider";
import type { Repository } from "@octoplane/resources/repository";
import { Sealer } from "@octoplane/resources/sealer";
import { systemRandom } from "@octoplane/shared/random";
import {
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
const ref = { namespace, name: "edge" };

interface UserEntry {
  readonly user: Readonly<Record<string, string>>;
}

function userOf(cluster: Cluster): Readonly<Record<string, string>> {
  return (cluster.spec.kubeconfig["users"] as readonly UserEntry[])[0]!.user;
}

/** Credentials are sealed at rest and redacted in every answer (design decision 12). */
export function secretSuite(open: OpenBench): void {
  let bench: Bench;
  let clusters: Repository<Cluster>;
  beforeEach(async () => {
    bench = await open();
    clusters = bench.resources.of(ClusterKind);
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const stored = async (): Promise<string> => {
    const { entries } = await bench.store.list("/");
    return entries.map(({ value }) => Buffer.from(value).toString("latin1")).join("\n");
  };

  describe("a credential", () => {
    it("stands readable in no answer, no event, no record and no line of the log", async () => {
      const seen: string[] = [];
      const feed = bench.resources.feed(ClusterKind);
      await feed.ready();
      feed.listen((events) => seen.push(JSON.stringify(events.map(({ object }) => object))));
      const created = await clusters.create(clusterBody("edge"), namespace);
      const answers = [
        created,
        await clusters.get(ref),
        await clusters.list(),
        await clusters.remove(ref),
      ];
      await expect.poll(() => seen.join()).toContain("cascade_deletion");
      await bench.store.commit(
        [],
        [
          {
            key: `/registry/kubernetes/clusters/${namespace}/edge/status`,
            value: Buffer.from("{"),
          },
        ],
      );
      await clusters.list();
      const everything = [
        JSON.stringify(answers, (_key, value: unknown) =>
          typeof value === "bigint" ? `${value}` : value,
        ),
        seen.join(),
        await stored(),
        bench.logged(),
      ];
      for (const text of everything) {
        expect(text).not.toContain(secrets.token);
        expect(text).not.toContain(secrets.key);
      }
      expect(userOf(created)).toMatchObject({ token: "REDACTED", "client-key-data": "REDACTED" });
    });

    it("is revealed where it is asked for by those who open the cluster", async () => {
      await clusters.create(clusterBody("edge"), namespace);
      expect(userOf(await clusters.reveal(ref))).toMatchObject({
        token: secrets.token,
        "client-key-data": secrets.key,
      });
    });

    it("that comes back redacted stays what it is, and the rest of the body counts", async () => {
      const created = await clusters.create(clusterBody("edge"), namespace);
      expect(await codeOf(clusters.update(ref, bodyOf(kind, created)))).toBe("NoChange");
      const metadata = { ...created.metadata, labels: { zone: "x" } };
      await clusters.update(ref, bodyOf(kind, { ...created, metadata }));
      expect(userOf(await clusters.reveal(ref))["token"]).toBe(secrets.token);
    });

    it("that is sent again unchanged is no change, and a new one replaces the old", async () => {
      await clusters.create(clusterBody("edge"), namespace);
      expect(await codeOf(clusters.update(ref, clusterBody("edge")))).toBe("NoChange");
      const before = await stored();
      const after = await clusters.update(ref, clusterBody("edge", { token: "another-token" }));
      expect(after.metadata.generation).toBe(2);
      expect(await stored()).not.toBe(before);
      expect(userOf(await clusters.reveal(ref))).toMatchObject({
        token: "another-token",
        "client-key-data": secrets.key,
      });
    });

    it("that is redacted though none is stored is refused", async () => {
      const redacted = clusterBody("edge", { token: "REDACTED" });
      expect(await codeOf(clusters.create(redacted, namespace))).toBe("Invalid");
      expect((await clusters.list()).items).toEqual([]);
      await clusters.create(clusterBody("edge", { token: "" }), namespace);
      await clusters.update(ref, clusterBody("edge", { token: "now-there-is-one" }));
    });

    it("that is redacted does not follow its cluster to another address", async () => {
      const created = await clusters.create(clusterBody("edge"), namespace);
      const user = { token: "REDACTED", "client-key-data": "REDACTED" };
      const elsewhere = clusterBody("edge", user, "https://attacker.example.org");
      expect(await codeOf(clusters.update(ref, elsewhere))).toBe("Invalid");
      expect(await clusters.get(ref)).toEqual(created);
      const complete = clusterBody("edge", {}, "https://10.0.0.2:6443");
      expect((await clusters.update(ref, complete)).metadata.generation).toBe(2);
    });

    it("of a provider is sealed likewise", async () => {
      const providers = bench.resources.of(MetricsProviderKind);
      const provider = anyKind(MetricsProviderKind);
      const influx = { url: "http://influx:8086", token: secrets.token, org: "o", bucket: "b" };
      const body = { metadata: { name: "p" }, spec: { type: "influx", influx } };
      const created = await providers.create(input(provider, body), namespace);
      expect(created.spec.influx?.token).toBe("REDACTED");
      expect(await stored()).not.toContain(secrets.token);
      const moved = {
        ...created,
        spec: { ...created.spec, influx: { ...created.spec.influx, url: "http://x" } },
      };
      const place = { namespace, name: "p" };
      expect(await codeOf(providers.update(place, bodyOf(provider, moved)))).toBe("Invalid");
    });

    it("that an older client leaves out is kept, and goes nowhere else", async () => {
      const providers = bench.resources.of(MetricsProviderKind);
      const provider = anyKind(MetricsProviderKind);
      const place = { namespace, name: "p" };
      const url = "http://prometheus:9090";
      const basic_auth = { username: "u", password: secrets.token };
      const body = (prometheus: object, seen: string) =>
        input(provider, {
          metadata: { name: "p", labels: { seen } },
          spec: { type: "prometheus", prometheus },
        });
      await providers.create(body({ url, basic_auth }, "a"), namespace);
      expect(await codeOf(providers.update(place, body({ url: "http://x" }, "b")))).toBe("Invalid");
      await providers.update(place, body({ url }, "c"));
      expect((await providers.reveal(place)).spec.prometheus).toEqual({ url, basic_auth });
      await providers.update(place, body({ url: "http://x", basic_auth: null }, "d"));
      expect((await providers.reveal(place)).spec.prometheus?.basic_auth).toBeNull();
    });

    it("does not open in another object, at another place, or with another key", async () => {
      await clusters.create(clusterBody("edge"), namespace);
      await clusters.create(clusterBody("other"), namespace);
      const key = (name: string) => `/registry/kubernetes/clusters/${namespace}/${name}/object`;
      const read = async (name: string) =>
        Buffer.from((await bench.store.get(key(name)))!.value).toString();
      const sealed = (text: string) => /"token":"(sealed:[^"]+)"/.exec(text)![1]!;
      const [mine, theirs] = [await read("edge"), await read("other")];
      const swapped = mine.replace(sealed(mine), sealed(theirs));
      await bench.store.commit([], [{ key: key("edge"), value: Buffer.from(swapped) }]);
      expect(await codeOf(clusters.reveal(ref))).toBe("Internal");
      const stranger = bench.another(new Sealer(systemRandom.bytes(32), systemRandom));
      expect(await codeOf(stranger.of(ClusterKind).reveal({ namespace, name: "other" }))).toBe(
        "Internal",
      );
    });
  });
}
