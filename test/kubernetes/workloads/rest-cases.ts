import { expect, it } from "vitest";
import { configMap, echo, job } from "../../e2e/manifests.ts";
import type { Json } from "../../rest.ts";
import { waitFor } from "../../wait-for.ts";
import type { RealField } from "./real-field.ts";

export function restCases(field: () => RealField): void {
  it("155 objects are applied, and a second look at them costs not one request", async () => {
    const namespace = field().fresh("big");
    const manifest = manyObjects(namespace);
    expect(manifest).toHaveLength(155);
    const app = await field().deploy(manifest);
    const status = await field().untilRunning(app);
    expect(status.copies[0].objects).toHaveLength(155);
    const from = field().plane.requests().length;
    const ours = () => {
      const all = field().plane.requests().slice(from);
      return all.filter(({ userAgent }) => userAgent === "octoplane");
    };
    const path = `/api/v1/namespaces/${namespace}/configmaps/watched`;
    await field().plane.call("PATCH", path, { data: { theirs: "changed" } });
    const probes = () => ours().filter(({ requestURI }) => requestURI.startsWith("/version"));
    await waitFor("some probes", () => probes().length >= 8);
    const isProbe = /^\/version|^\/api\/v1\/nodes|^\/apis?(?:\/[^/]+(?:\/v\w+)?)?$/;
    const others = ours().filter(({ verb, requestURI: uri }) => {
      return verb !== "watch" && !isProbe.test(uri.split("?")[0]!);
    });
    expect(others.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    expect((await field().at(path)).data).toEqual({ ours: "as it was", theirs: "changed" });
    await field().remove(app);
    expect((await field().at(`/api/v1/namespaces/${namespace}`))?.status.phase).not.toBe("Active");
  });
}

/** 155 objects of ten kinds, as the biggest chart that is known has them, in a namespace of their own. */
function manyObjects(namespace: string): Json[] {
  const inIt = (one: Json): Json => ({ ...one, metadata: { ...one.metadata, namespace } });
  const some = (count: number, make: (name: string) => Json): Json[] =>
    Array.from({ length: count }, (_one, index) => make(`part-${index}`));
  const plain =
    (apiVersion: string, kind: string, more: Json = {}) =>
    (name: string) =>
      inIt({ apiVersion, kind, metadata: { name }, ...more });
  const rbac = "rbac.authorization.k8s.io";
  const roleRef = { apiGroup: rbac, kind: "Role", name: "part-0" };
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
  const selector = { app: "part" };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    ...some(60, (name) => inIt(configMap(name, { name, text: "x".repeat(2_000) }))),
    ...some(25, plain("v1", "Secret", { stringData: { key: "value" } })),
    ...some(20, plain("v1", "Service", { spec: { selector, ports: [{ port: 80 }] } })),
    ...some(20, plain("v1", "ServiceAccount")),
    ...some(10, plain(`${rbac}/v1`, "Role", { rules })),
    ...some(8, plain(`${rbac}/v1`, "RoleBinding", { roleRef, subjects: [] })),
    ...some(7, (name) => inIt(echo(name)[0])),
    ...some(3, (name) => inIt(job(name, {}))),
    inIt(configMap("watched", { ours: "as it was" })),
  ];
}
