import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { waitFor } from "../wait-for.ts";
import { deployment, manifestText } from "./manifests.ts";
import { openRokField, type RokField } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** Preferences, cordons, drains and taints by the command line, against the whole system with simulated clusters. */

const app = (name: string): string =>
  manifestText([deployment(name, { containers: [{ name, image: `${name}:1` }] })]);

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"], {
    files: { "web.yaml": app("web"), "other.yaml": app("other") },
  });
  for (const name of field.sim.clusterNames()) {
    await good(`kube cluster register -k ${name}.yaml -l city=${name} --wait online`);
  }
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string | readonly string[]): Promise<RokRun> => field.rok(line);
const good = (line: string | readonly string[]): Promise<RokRun> => field.good(line);

/** Copies of the Deployment that are available on a cluster; `undefined` where there is none. */
function available(cluster: string): number | undefined {
  const found = field.sim
    .cluster(cluster)
    .objects()
    .find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "web");
  const status = found?.["status"] as { readonly availableReplicas?: number } | undefined;
  return found && (status?.availableReplicas ?? 0);
}

test("a preference puts an application, a drain moves it without a gap, and a cordon keeps it", async () => {
  const wish = ["--cluster-label-preference", "10 city is berlin or city is bergen"];
  await good([..."kube app create web -f web.yaml --wait --timeout 30s".split(" "), ...wish]);
  expect((await good("kube app explain web")).out).toMatch(
    /preferred: city is berlin or city is bergen +1 +10/,
  );
  expect((await good("kube cluster drain berlin")).out).toMatch(/scheduling +draining/);
  await waitFor("web only on oslo", () => {
    const copies = [available("berlin"), available("oslo")];
    expect(copies.some((count) => count === 1)).toBe(true);
    return copies[0] === undefined && copies[1] === 1;
  });
  expect((await good("kube app explain web")).out).toContain("berlin no longer fits");
  expect((await good("kube cluster cordon oslo")).out).toMatch(/scheduling +cordoned/);
  expect((await good("kube cluster uncordon berlin")).out).toMatch(/scheduling +open/);
  expect((await good("kube cluster uncordon berlin")).out).toMatch(/scheduling +open/);
  const { out } = await good("kube app get web -o json");
  expect(JSON.parse(out)).toMatchObject({ status: { scheduled_to: { name: "oslo" } } });
  await good("kube cluster uncordon oslo");
});

test("taints are put, replaced and taken away, and wrong ones are refused with their form", async () => {
  const two = await good("kube cluster taint berlin gpu=yes:NoSchedule down:NoExecute");
  expect(two.out).toMatch(/taints +gpu=yes:NoSchedule\n +down:NoExecute/);
  const other = await good("kube cluster taint berlin gpu=no:NoSchedule down-");
  expect(other.out).toMatch(/taints +gpu=no:NoSchedule\n/);
  expect((await good("kube cluster taint berlin gpu:NoSchedule-")).out).not.toContain("gpu");
  for (const wrong of ["gpu", "gpu:Never", ":NoExecute", "a:NoExecute:b"]) {
    const { status, err } = await rok(`kube cluster taint berlin ${wrong}`);
    expect(status).toBe(exitStatus.usage);
    expect(err).toContain("expected key[=value]:NoSchedule or :NoExecute");
  }
  const invalid = await rok("kube cluster taint berlin -- --x:NoExecute");
  expect(invalid.status).not.toBe(exitStatus.ok);
});

test("tolerations are written as kubectl's taints are, and stand in the application", async () => {
  const line = "kube app update web --toleration down:NoExecute:5m --toleration gpu=yes -o json";
  const { out } = await good(line);
  expect(JSON.parse(out).spec.tolerations).toEqual([
    { key: "down", operator: "Exists", value: "", effect: "NoExecute", seconds: 300 },
    { key: "gpu", operator: "Equal", value: "yes", effect: null, seconds: null },
  ]);
  const cleared = await good("kube app update web --remove-existing-tolerations -o json");
  expect(JSON.parse(cleared.out).spec.tolerations).toEqual([]);
});

test("what can never be true is stored, and warned of beside the result", async () => {
  const constraints = ["-L", "city is x", "-L", "city is not x", "--disable-migration"];
  const { out, err } = await good(["kube", "app", "update", "web", "-o", "json", ...constraints]);
  expect(JSON.parse(out).spec.constraints.cluster.labels).toEqual(["city is x", "city is not x"]);
  expect(err).toBe(
    'warning: "city is x" and "city is not x" are never true together: nothing will ever fit\n',
  );
  const quiet = await good("kube app update web --remove-existing-label-constraints");
  expect(quiet.err).toBe("");
});

test("a pin, expressions and rules about others are written, and a drain is waited for", async () => {
  await good("kube app delete web --wait --timeout 30s");
  await good("kube app create db -f web.yaml -l tier=db --pin berlin --wait --timeout 30s");
  const flags = ["--cluster-expression", 'labels.city == "berlin"', "--apart", "tier=db"];
  await good(["kube", "app", "create", "second", "-f", "other.yaml", ...flags]);
  const waiting = await waitFor("second is explained", async () => {
    const { out } = await good("kube app explain second");
    return out.includes("does not hold") ? out : undefined;
  });
  expect(waiting).toContain('"apart from tier=db" does not hold: 1 of them stands on this cluster');
  expect(waiting).toContain('"labels.city == "berlin"" is false');
  const wrong = ["kube", "app", "update", "second", "--cluster-expression", "labels.city.matches("];
  const refused = await rok(wrong);
  expect(refused.status).toBe(exitStatus.refused);
  expect(refused.err).toContain("spec.constraints.cluster.expressions[1]: Invalid expression: ");
  // A pin is no reason to stay: without another cluster it may be on, it stays all the same, and is told of.
  const stuck = await rok("kube cluster drain berlin --wait --timeout 30s");
  expect(stuck.status).toBe(exitStatus.failed);
  expect(stuck.err).toContain("db stays: No matching Kubernetes cluster found");
  await good("kube app update db --no-pin");
  const drained = await good("kube cluster drain berlin --wait --timeout 30s");
  expect(drained.err).toContain("berlin: nothing is left");
  expect(JSON.parse((await good("kube app get db -o json")).out)).toMatchObject({
    status: { running_on: { name: "oslo" } },
  });
  const { status, err } = await rok("kube cluster drain berlin --timeout 1s");
  expect([status, err]).toEqual([exitStatus.usage, expect.stringContaining("no --wait to limit")]);
});
