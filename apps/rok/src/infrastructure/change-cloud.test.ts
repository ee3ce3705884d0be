import { expect, test } from "vitest";
import { changeCloud, newCloud } from "./change-cloud.ts";
import {
  changeInfrastructureProvider,
  newInfrastructureProvider,
} from "./change-infrastructure-provider.ts";
import { changeMagnumCluster } from "./change-magnum-cluster.ts";
import { changeProject, newProject } from "./change-project.ts";

const flags = { url: "http://x", username: "u", password: "p", project: "q" };

test("a cloud is changed in what is named and in nothing else", () => {
  const made = newCloud("c", { ...flags, globalInfraProvider: "im", label: { a: "b" } });
  expect(made).toEqual({
    metadata: { name: "c", labels: { a: "b" } },
    spec: {
      type: "openstack",
      openstack: {
        url: "http://x",
        auth: {
          type: "password",
          password: { user: { username: "u", password: "p" }, project: { name: "q" } },
        },
        infrastructure_provider: { name: "im", namespaced: false },
        metrics: [],
      },
    },
  });
  expect(changeCloud(made, {})).toEqual(made);
  const moved = changeCloud(made, {
    infraProvider: "own",
    domainId: "d",
    metric: [{ name: "m", value: 2 }],
  });
  expect(moved.spec.openstack).toEqual({
    ...made.spec.openstack,
    auth: {
      type: "password",
      password: {
        user: { username: "u", password: "p" },
        project: { name: "q", domain_id: "d" },
      },
    },
    infrastructure_provider: { name: "own", namespaced: true },
    metrics: [{ name: "m", weight: 2, namespaced: true }],
  });
  expect(changeCloud(moved, { removeExistingMetrics: true }).spec.openstack?.metrics).toEqual([]);
});

test("a cloud needs a password and one provider", () => {
  expect(() => newCloud("c", flags)).toThrow("expected an infrastructure provider");
  const { password: _password, ...open } = flags;
  expect(() => newCloud("c", { ...open, infraProvider: "im" })).toThrow("expected a password");
  const both = { ...flags, infraProvider: "a", globalInfraProvider: "b" };
  expect(() => newCloud("c", both)).toThrow("not both");
});

test("an infrastructure provider needs a token or both halves of a login", () => {
  for (const wrong of [{}, { username: "u" }, { password: "p" }, { token: "" }]) {
    expect(() => newInfrastructureProvider(wrong)).toThrow("expected a token, or");
  }
  const made = newInfrastructureProvider({ url: "http://im", token: "t" });
  expect(made).toEqual({ type: "im", im: { url: "http://im", token: "t" } });
  expect(changeInfrastructureProvider(made, { username: "u" }).im).toEqual({
    url: "http://im",
    token: "t",
    username: "u",
  });
});

test("a project has the form of authentication that was named last", () => {
  expect(() => newProject("p", {})).toThrow("$OS_AUTH_URL");
  expect(() => newProject("p", { authUrl: "http://k", userId: "u" })).toThrow("$OS_PROJECT_ID");
  const login = { userId: "u", password: "p", projectId: "q" };
  const made = newProject("p", { authUrl: "http://k", template: "t", ...login });
  const auth = {
    type: "password",
    password: { user: { id: "u", password: "p" }, project: { id: "q" } },
  };
  expect(made.spec).toEqual({ url: "http://k", template: "t", auth, metrics: [] });
  expect(changeProject(made, { template: "s" }).spec).toEqual({ ...made.spec, template: "s" });
  const applicationCredential = { id: "i", secret: "s" };
  const changed = changeProject(made, { applicationCredential });
  expect(changed.spec.auth).toEqual({
    type: "application_credential",
    application_credential: applicationCredential,
  });
  expect(changeProject(changed, login).spec.auth).toEqual(auth);
});

test("a Magnum cluster keeps its constraints until they are removed", () => {
  const empty = { metadata: { name: "c" }, spec: {} };
  const made = changeMagnumCluster(empty, { masterCount: 1, projectLabelConstraint: ["a is b"] });
  expect(made.spec).toEqual({
    master_count: 1,
    constraints: { project: { labels: ["a is b"] } },
    metrics: [],
  });
  expect(changeMagnumCluster(made, { nodeCount: 3 }).spec).toEqual({ ...made.spec, node_count: 3 });
  const cleared = changeMagnumCluster(made, { removeExistingProjectLabelConstraints: true });
  expect(cleared.spec).toMatchObject({ constraints: { project: { labels: [] } } });
  expect(changeMagnumCluster(empty, { nodeCount: 3 }).spec).toEqual({ node_count: 3, metrics: [] });
});
