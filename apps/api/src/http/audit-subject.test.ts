import { expect, test } from "vitest";
import { auditSubject } from "./audit-subject.ts";

const one = "/kubernetes/namespaces/:namespace/applications/:name";
const place = { namespace: "team", name: "web" };

test.each([
  ["PUT", one, "update", "applications"],
  ["PATCH", one, "update", "applications"],
  ["DELETE", one, "delete", "applications"],
  ["PUT", `${one}/status`, "update", "applications/status"],
  [
    "GET",
    "/kubernetes/namespaces/:namespace/clusters/:name/kubeconfig",
    "get",
    "clusters/kubeconfig",
  ],
])("%s %s is %s %s", (method, route, verb, resource) => {
  expect(auditSubject(method, route, { params: place, body: undefined })).toEqual({
    verb,
    api: "kubernetes",
    resource,
    ...place,
  });
});

test("a creation is told with the name in its body, whatever the body is", () => {
  const of = (body: unknown) =>
    auditSubject("POST", "/core/roles", { params: {}, body })?.name ?? null;
  expect(of({ metadata: { name: "reader" } })).toBe("reader");
  for (const body of [
    undefined,
    null,
    7,
    "x",
    [],
    {},
    { metadata: 7 },
    { metadata: { name: {} } },
  ]) {
    expect(of(body)).toBeNull();
  }
  expect(of({ metadata: { name: "x".repeat(9_999) } })).toHaveLength(255);
});

test("a route of one word belongs to no group", () => {
  const subject = auditSubject("POST", "/bootstrap", { params: {}, body: [] });
  expect(subject).toMatchObject({ api: "", resource: "bootstrap", namespace: null });
});

test("a read is told only where it hands out a secret", () => {
  for (const route of [one, "/me", "/kubernetes/applications", `${one}/events`]) {
    expect(auditSubject("GET", route, { params: place, body: undefined })).toBeUndefined();
  }
  expect(auditSubject("OPTIONS", one, { params: place, body: undefined })).toBeUndefined();
  expect(auditSubject("GET", "/core/backup", { params: {}, body: undefined })).toMatchObject({
    verb: "get",
    api: "core",
    resource: "backup",
  });
});
