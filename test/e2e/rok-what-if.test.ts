import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { waitFor } from "../wait-for.ts";
import { openRokField, type RokField } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** Explain, history, plan, replay and backtest by the command line, against the whole system with simulated clusters. */

const web = `
apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: default }
`;

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"], {
    files: { "web.yaml": web },
    settings: { scheduler: { metrics: { interval: 0.2 } } },
  });
  await good("core gmp create fixed --type static --metric heat 0.2 --metric load 0.6");
  for (const metric of ["heat", "load"]) {
    await good(`core gm create ${metric} --gmp-name fixed --min 0 --max 1`);
  }
  for (const [name, metric] of [
    ["berlin", "load"],
    ["oslo", "heat"],
  ] as const) {
    const flags = `-l city=${name} --global-metric ${metric} 1 --wait online`;
    await good(`kube cluster register -k ${name}.yaml ${flags}`);
  }
  await good("kube app create web -f web.yaml --wait running");
  await waitFor("both clusters have their metric", async () => {
    return (await good("kube app explain web")).out.includes("heat");
  });
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string | readonly string[]): Promise<RokRun> => field.rok(line);
const good = (line: string | readonly string[]): Promise<RokRun> => field.good(line);

test("an explanation says what would have to change for a move", async () => {
  const { out } = await good("kube app explain web");
  expect(out).toContain("2 of 2 clusters fit");
  expect(out).toContain("it would move if one of these changed");
  expect(out).toMatch(/oslo +heat +\S+oslo +0\.2 +0\.6364 or more/);
  const told = JSON.parse((await good("kube app explain web -o json")).out);
  expect(told).toMatchObject({ kind: "Explanation", decision: { chosen: { name: "berlin" } } });
});

test("a plan says who would move where and at what gain, and moves nobody", async () => {
  const lost = await good("plan --cluster-lost berlin");
  expect(lost.out).toMatch(/^of 1 applications 1 would move/);
  expect(lost.out).toMatch(/web +moves +\S+berlin +\S+oslo/);
  expect((await good("plan")).out).toMatch(/1 would stay\n$/);
  const body = await good("plan --metric heat@oslo=0.9 --weight heat=2 --app web -o json");
  expect(JSON.parse(body.out)).toMatchObject({ kind: "Plan", totals: { applications: 1 } });
  const everywhere = await good("plan --all --cluster-lost berlin");
  expect(everywhere.out).toMatch(/^namespace system:admin\nof 1 applications 1 would move/);
  const unknown = await rok("plan --cluster-lost rome --policy none");
  expect([unknown.status, unknown.err]).toEqual([
    0,
    "warning: there is no cluster rome\nwarning: there is no placement policy none\n",
  ]);
  expect((await good("kube app get web")).out).toContain("berlin");
  expect((await rok("plan --metric load")).status).toBe(exitStatus.usage);
});

test("decisions are listed, compared, and come out the same when they are made again", async () => {
  await good(["kube", "app", "update", "web", "-L", "city is oslo", "--wait", "running"]);
  await waitFor("it is on oslo", async () => {
    return (await good("kube app get web")).out.includes("oslo");
  });
  const { out } = await good("kube app history web");
  expect(out).toMatch(/^decision +time +outcome +cluster/);
  expect(out).toMatch(/placed +\S+berlin/);
  expect(out).toMatch(/moved +\S+oslo +\S+berlin/);
  const decisions = JSON.parse((await good("kube app history web -o json")).out);
  const [last, before] = decisions.map(({ sequence }: { sequence: number }) => sequence);
  const difference = (await good(`kube app history web --diff ${before} ${last}`)).out;
  expect(difference).toContain("berlin no longer fits");
  expect(difference).toContain('in the way: "city is oslo" does not hold: city is berlin');
  expect((await good(`kube app history web --diff ${last}`)).out).toBe(difference);
  expect((await rok("kube app history web --diff 99")).status).toBe(exitStatus.notFound);
  for (const { sequence } of decisions) {
    const again = await good(`replay web ${sequence}`);
    expect(again.out).toContain(`decision ${sequence} comes out the same, to the bit`);
  }
  expect((await good("replay web")).out).toContain(`decision ${last} comes out the same`);
  expect((await rok("replay web 99")).status).toBe(exitStatus.notFound);
});

test("a backtest says from when records are, and compares three ways", async () => {
  const { out } = await good("backtest --weight heat=1 --since 1h");
  expect(out).toMatch(/^records from \d{4}-\S+ \S+ to /);
  expect(out).toMatch(/^with it +\d+ /m);
  expect(out).toMatch(/^without a policy +\d+ /m);
  expect(out).toMatch(/^what happened +1 /m);
  expect((await rok("backtest")).status).toBe(exitStatus.usage);
  const unknown = await rok("backtest none");
  expect(unknown.err).toContain("there is no placement policy none");
});
