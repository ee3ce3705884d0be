import { expect, it } from "vitest";
import type { Json } from "../../rest.ts";
import type { KrakeClient } from "./krake-client.ts";

/** `rok openstack`: projects, and the Magnum clusters in them. */
export function openstackSuite(client: () => KrakeClient): void {
  const names = (listed: Json) => listed.map(({ metadata }: Json) => metadata.name);
  const url = "http://127.0.0.1:5000/v3";
  const account = ["--user-id", "u", "--password", "very-secret", "--project-id", "x"];

  it("creates, shows, updates and deletes projects", async () => {
    const project = (verb: string, ...args: readonly string[]) =>
      client().json("openstack", "project", verb, ...args);
    const common = ["--auth-url", url, "--template", "t"];
    const labels = ["-l", "a=b", "--metric", "load", "1"];
    const made = await project("create", "one", ...common, ...account, ...labels);
    expect(made.spec).toMatchObject({ template: "t", auth: { type: "password" } });
    expect(JSON.stringify(made)).not.toContain("very-secret");
    await project("create", "two", ...common, "--application-credential", "i", "very-secret");
    expect(names(await project("list", "-a"))).toEqual(["one", "two"]);
    const { out } = await client().rok("openstack", "project", "get", "two");
    expect(out).toMatch(/\| auth type +\| application_credential /);
    // This command has no choice of output: it always prints YAML.
    const update = ["update", "one", "--template", "t2", ...account];
    const updated = await client().rok("openstack", "project", ...update);
    expect(updated.status).toBe(0);
    expect(updated.out).toMatch(/^ {2}template: t2$/m);
    for (const name of ["one", "two"]) await project("delete", name);
    expect(await project("list")).toEqual([]);
  });

  it("creates, shows, updates and deletes Magnum clusters; misplaced constraints are taken all the same", async () => {
    const cluster = (verb: string, ...args: readonly string[]) =>
      client().json("openstack", "cluster", verb, ...args);
    const counts = ["--master-count", "1", "--node-count", "2"];
    const made = await cluster("create", "one", ...counts, "-L", "a is b", "--metric", "load", "1");
    expect(made.spec).toMatchObject({
      master_count: 1,
      node_count: 2,
      constraints: { project: { labels: ["a is b"] } },
    });
    expect(names(await cluster("list", "-a"))).toEqual(["one"]);
    expect((await client().rok("openstack", "cluster", "get", "one")).out).toMatch(
      /PENDING|NO_SUITABLE_RESOURCE/,
    );
    const updated = await cluster("update", "one", "--node-count", "3", "-L", "c is d");
    expect(updated.spec).toMatchObject({
      node_count: 3,
      constraints: { project: { labels: ["c is d"] } },
    });
    expect((await cluster("delete", "one")).metadata.deleted).not.toBeNull();
    expect(await cluster("list")).toEqual([]);
  });
}
