import { describe, expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import type { KrakeClient } from "./krake-client.ts";

const scopes = [
  {
    provider: "infrastructureprovider",
    cloud: "cloud",
    by: "--infra-provider",
    metric: "--metric",
    all: ["-a"],
  },
  {
    provider: "globalinfrastructureprovider",
    cloud: "globalcloud",
    by: "--global-infra-provider",
    metric: "--global-metric",
    all: [],
  },
] as const;

/** `rok infrastructure`: clouds and the providers that make clusters in them, in both scopes. */
export function infrastructureSuite(client: () => KrakeClient): void {
  describe.each(scopes)("$provider and $cloud", ({ provider, cloud, by, metric, all }) => {
    const infra = (kind: string, verb: string, ...args: readonly string[]) =>
      client().json("infrastructure", kind, verb, ...args);
    const names = (listed: Json) => listed.map(({ metadata }: Json) => metadata.name);

    it("registers, shows and updates providers, whose credentials nobody reads", async () => {
      const im = ["--type", "im", "--url", "http://127.0.0.1:8800"];
      const password = ["--username", "u", "--password", "very-secret"];
      const made = await infra(provider, "register", ...im, ...password, "one");
      expect(made.spec.im).toMatchObject({ username: "u", token: null });
      await infra(provider, "register", ...im, "--password", "p", "--token", "very-secret", "two");
      expect(names(await infra(provider, "list", ...all))).toEqual(["one", "two"]);
      const { out } = await client().rok("infrastructure", provider, "get", "one", "-o", "yaml");
      expect(out).toContain("username: u");
      expect(out).not.toContain("very-secret");
      expect((await client().rok("infrastructure", provider, "list")).out).toContain(":8800");
      const moved = ["one", "--url", "http://127.0.0.1:8801", "--password", "again"];
      expect((await infra(provider, "update", ...moved)).spec.im.url).toBe("http://127.0.0.1:8801");
    });

    it("registers, shows and updates clouds; the password that it misplaces is taken all the same", async () => {
      const account = ["--username", "u", "--password", "very-secret", "--project", "p"];
      const made = await infra(
        cloud,
        "register",
        "--type",
        "openstack",
        by,
        "one",
        "--url",
        "http://127.0.0.1:5000/v3",
        ...account,
        metric,
        "load",
        "0.5",
        "-l",
        "a=b",
        "sky",
      );
      expect(made.status.state).toBe("ONLINE");
      expect(made.spec.openstack.infrastructure_provider.name).toBe("one");
      expect(made.spec.openstack.metrics).toMatchObject([{ name: "load", weight: 0.5 }]);
      expect(names(await infra(cloud, "list", ...all))).toEqual(["sky"]);
      const { out } = await client().rok("infrastructure", cloud, "get", "sky");
      expect(out).toMatch(/\| infra_provider +\| one /);
      expect((await client().rok("infrastructure", cloud, "list")).out).toContain("sky");
      // A new address takes the password along, or it is refused: so the password has arrived.
      const moved = ["sky", "--url", "http://127.0.0.2:5000/v3", "--password", "another"];
      const updated = await infra(cloud, "update", ...moved, "--project", "q", "-l", "c=d");
      expect(updated.spec.openstack.url).toBe("http://127.0.0.2:5000/v3");
      expect(updated.spec.openstack.auth.password.project.name).toBe("q");
      expect(updated.metadata.labels).toEqual({ c: "d" });
      expect(JSON.stringify(updated)).not.toContain("another");
      const same = ["sky", "--password", "another"];
      const { status, err } = await client().rok("infrastructure", cloud, "update", ...same);
      expect(status).toBe(1);
      expect(JSON.parse(err)).toMatchObject({ status: 400, title: "UPDATE_ERROR" });
    });

    it("deletes both", async () => {
      expect((await infra(cloud, "delete", "sky")).metadata.deleted).not.toBeNull();
      expect(await infra(cloud, "list")).toEqual([]);
      for (const name of ["one", "two"]) await infra(provider, "delete", name);
      expect(await infra(provider, "list")).toEqual([]);
    });
  });
}
