import { expect, test } from "vitest";
import { routeOf } from "./route.ts";

const cases: readonly (readonly [string, object])[] = [
  ["/version", { type: "version" }],
  ["/readyz", { type: "health" }],
  ["/api", { type: "core-versions" }],
  ["/apis", { type: "groups" }],
  ["/apis/apps", { type: "group", group: "apps" }],
  ["/apis/apps/v1", { type: "resources", group: "apps", version: "v1" }],
  ["/api/v1/namespaces", { group: "", plural: "namespaces", name: undefined }],
  ["/api/v1/namespaces/n", { plural: "namespaces", name: "n", namespace: undefined }],
  ["/api/v1/namespaces/n/status", { plural: "namespaces", name: "n", subresource: "status" }],
  ["/api/v1/namespaces/n/pods", { plural: "pods", namespace: "n", name: undefined }],
  ["/api/v1/namespaces/n/pods/p/log", { plural: "pods", name: "p", subresource: "log" }],
  ["/apis/apps/v1/deployments", { plural: "deployments", namespace: undefined }],
  ["/apis/apps/v1/namespaces/n/deployments/d/scale", { name: "d", subresource: "scale" }],
  ["/apis/a.b/v1/things/c%2Fd", { plural: "things", name: "c/d" }],
  ["/nonsense", { type: "unknown" }],
];

for (const [path, expected] of cases) {
  test(`the path ${path} is understood`, () => {
    expect(routeOf(path)).toMatchObject(expected);
  });
}
