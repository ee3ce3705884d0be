import { describe, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import type { KrakeClient } from "./krake-client.ts";

const urls = {
  prometheus: "http://127.0.0.1:9090",
  influx: "http://127.0.0.1:8086",
  kafka: "http://127.0.0.1:8088",
};

const scopes = [
  { provider: "metricsprovider", metric: "metric", by: "--mp-name", all: ["-a"] },
  { provider: "globalmetricsprovider", metric: "globalmetric", by: "--gmp-name", all: [] },
] as const;

/** `rok core`: metrics and their providers, in both scopes. */
export function coreSuite(client: () => KrakeClient): void {
  describe.each(scopes)("$provider and $metric", ({ provider, metric, by, all }) => {
    const core = (kind: string, verb: string, ...args: readonly string[]) =>
      client().json("core", kind, verb, ...args);
    const names = (listed: Json) => listed.map(({ metadata }: Json) => metadata.name);

    it("creates providers of every type, and shows what is no secret", async () => {
      const create = (name: string, type: string, ...args: readonly string[]) =>
        core(provider, "create", "--type", type, ...args, name);
      const fixed = await create("fixed", "static", "-m", "load", "3", "-m", "price", "0.5");
      expect(fixed.spec.static.metrics).toEqual({ load: 3, price: 0.5 });
      await create("prom", "prometheus", "--url", urls.prometheus);
      const columns = ["--comparison-column", "c", "--value-column", "v"];
      await create("kafka", "kafka", "--url", urls.kafka, "--table", "t", ...columns);
      const account = ["--token", "very-secret", "--org", "o", "--bucket", "b"];
      await create("influx", "influx", "--url", urls.influx, ...account);
      expect(names(await core(provider, "list", ...all))).toEqual([
        "fixed",
        "influx",
        "kafka",
        "prom",
      ]);
      const { out } = await client().rok("core", provider, "get", "influx");
      expect(out).toMatch(/\| type +\| influx /);
      expect(out).toMatch(/\| bucket +\| b /);
      expect(out).not.toContain("very-secret");
      expect((await client().rok("core", provider, "list")).out).toContain("kafka");
    });

    it("updates them", async () => {
      const update = (name: string, ...args: readonly string[]) =>
        core(provider, "update", name, ...args);
      expect((await update("fixed", "-m", "load", "4")).spec.static.metrics).toEqual({ load: 4 });
      const moved = await update("prom", "--url", "http://127.0.0.1:9091");
      expect(moved.spec.prometheus.url).toBe("http://127.0.0.1:9091");
      expect((await update("kafka", "--table", "u")).spec.kafka.table).toBe("u");
      const account = ["--token", "another", "--org", "o", "--bucket", "b2"];
      const influx = await update("influx", "--url", "http://127.0.0.1:8087", ...account);
      expect(influx.spec.influx).toMatchObject({ bucket: "b2", url: "http://127.0.0.1:8087" });
    });

    it("creates, shows, updates and deletes metrics, whose bounds it sends as text", async () => {
      const created = await core(metric, "create", "load", by, "fixed", "--min", "0", "--max", "5");
      expect(created.spec).toMatchObject({ min: 0, max: 5, allowed_values: [] });
      expect(created.spec.provider).toEqual({ name: "fixed", metric: "load" });
      const steps = [
        "--min",
        "-1.5",
        "--max",
        "2.5",
        "--allowed-values",
        "2",
        "1",
        "--metric-name",
      ];
      const stepped = await core(metric, "create", "steps", by, "fixed", ...steps, "load");
      expect(stepped.spec).toMatchObject({ min: -1.5, max: 2.5, allowed_values: [1, 2] });
      expect(names(await core(metric, "list", ...all))).toEqual(["load", "steps"]);
      expect((await core(metric, "update", "load", "--max", "6")).spec.max).toBe(6);
      const { out } = await client().rok("core", metric, "get", "load");
      expect(out).toMatch(/\| max +\| 6 /);
      expect((await client().rok("core", metric, "list")).out).toContain("steps");
      // A defect of its own: the allowed values alone are no change to it.
      const alone = await client().rok("core", metric, "update", "load", "--allowed-values", "1");
      expect(alone).toMatchObject({ status: 1, err: "At least one argument must be specified.\n" });
      for (const name of ["load", "steps"]) await core(metric, "delete", name);
      expect(await core(metric, "list")).toEqual([]);
    });

    it("deletes providers; one that is not there any more it can only show as JSON", async () => {
      for (const name of ["fixed", "prom", "kafka", "influx"]) {
        expect((await core(provider, "delete", name)).metadata.deleted).not.toBeNull();
      }
      expect(await core(provider, "list")).toEqual([]);
      // It does not look at the status of these answers, and takes the problem for the object.
      const problem = await core(provider, "delete", "fixed");
      expect(problem).toMatchObject({ status: 404, title: "NOT_FOUND_ERROR" });
      const table = await client().rok("core", provider, "delete", "fixed");
      expect(table.status).toBe(1);
      expect(table.err).toContain("KeyError");
    });
  });
}
