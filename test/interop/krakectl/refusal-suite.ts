import { expect, it } from "vitest";
import { openConstellation } from "../../constellation.ts";
import { configMap } from "../../e2e/manifests.ts";
import type { KrakeClient, KrakeRun } from "./krake-client.ts";

/** What Krake's command line tells of a refusal: the problem as JSON on its error output, and 1. */
export function refusalSuite(client: () => KrakeClient): void {
  const problemOf = ({ status, out, err }: KrakeRun): unknown => {
    expect({ status, out }).toEqual({ status: 1, out: "" });
    return JSON.parse(err);
  };

  it("tells what is missing, there already, not valid, and no change", async () => {
    const app = (...args: readonly string[]) => client().rok("kubernetes", "application", ...args);
    const missing = problemOf(await app("get", "nothing"));
    expect(missing).toMatchObject({ status: 404, title: "NOT_FOUND_ERROR" });
    const file = client().put("one.yaml", configMap("one", { a: "b" }));
    expect((await app("create", "one", "-f", file)).status).toBe(0);
    const twice = problemOf(await app("create", "one", "-f", file));
    expect(twice).toMatchObject({ status: 409, title: "RESOURCE_ALREADY_EXISTS" });
    const wrong = problemOf(await app("create", "-f", file, "two", "-L", "location is"));
    expect(wrong).toMatchObject({ status: 422, detail: expect.stringContaining("location") });
    const nameless = client().put("bad.yaml", { apiVersion: "v1", kind: "ConfigMap" });
    expect(problemOf(await app("create", "three", "-f", nameless))).toMatchObject({ status: 422 });
    const same = problemOf(await app("update", "one", "-f", file));
    expect(same).toMatchObject({ status: 400, title: "UPDATE_ERROR" });
    expect((await app("delete", "one", "--wait")).status).toBe(0);
  });

  it("tells who may not: 403 for a certificate without roles, 401 for no certificate", async () => {
    const list = ["kubernetes", "cluster", "list"];
    expect(problemOf(await client().rokAs("kay", ...list))).toMatchObject({ status: 403 });
    await using open = await openConstellation();
    client().put("nobody.yaml", { api_url: open.address, user: "nobody" });
    expect(problemOf(await client().rokAs("nobody", ...list))).toMatchObject({ status: 401 });
  });

  it("works without a certificate where nobody is asked for one", async () => {
    const api = { authorization: "always-allow", authentication: { allow_anonymous: true } };
    await using open = await openConstellation({ settings: { api } });
    client().put("anyone.yaml", { api_url: open.address, user: "anyone" });
    const kubeconfig = client().path("berlin.kubeconfig");
    const register = ["kubernetes", "cluster", "register", "-k", kubeconfig];
    const { status, out } = await client().rokAs("anyone", ...register);
    expect(status).toBe(0);
    expect(out).toMatch(/\| namespace +\| anyone /);
  });

  it("ends with 2 when it is used wrongly, without asking the server", async () => {
    const { status, err } = await client().rok("core", "metric", "create", "load");
    expect(status).toBe(2);
    expect(err).toContain("the following arguments are required");
  });
}
