import { afterAll, beforeAll, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { waitFor } from "../wait-for.ts";
import { deployment, manifestText } from "./manifests.ts";
import { openRokField, type RokField } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** Policies, weights and estimates by the command line, against the whole system with simulated clusters. */

const resources = { requests: { cpu: "500m", memory: "1Gi" } };
const containers = [{ name: "web", image: "web:1", resources }];
const web = manifestText([deployment("web", { replicas: 2, containers })]);

let field: RokField;
beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"], {
    files: { "web.yaml": web },
    settings: { scheduler: { reschedule_after: 0, metrics: { interval: 0.05 } } },
  });
  await good(
    "core gmp create sites --type static --metric price_berlin 0.02 --metric price_oslo 0.08 " +
      "--metric carbon_berlin 400 --metric carbon_oslo 20",
  );
  for (const name of field.sim.clusterNames()) {
    const metric = `core gm create price_${name} --gmp-name sites --min 0 --max 1 --direction lower`;
    await good(`${metric} --counts-as price --unit EUR/core-hour`);
    const carbon = `core gm create carbon_${name} --gmp-name sites --min 0 --max 1000`;
    await good(`${carbon} --direction lower --counts-as carbon --unit gCO2/kWh`);
    const weights = `--global-metric price_${name} 1 --global-metric carbon_${name} 0.001`;
    await good(`kube cluster register -k ${name}.yaml ${weights} --wait online`);
  }
});
afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string | readonly string[]): Promise<RokRun> => field.rok(line);
const good = (line: string | readonly string[]): Promise<RokRun> => field.good(line);

async function untilExplained(name: string, pattern: RegExp): Promise<string> {
  let last = "";
  return await waitFor(
    `${name}: ${String(pattern)}`,
    async () => {
      last = (await good(`kube app explain ${name}`)).out;
      return pattern.test(last) ? last : undefined;
    },
    { deadlineMs: 10_000, seen: () => last },
  );
}

test("the policies that come with it are there, and one that an application names decides, with estimates", async () => {
  const list = (await good("kube globalpolicy list")).out;
  for (const name of ["cost", "carbon", "latency", "balanced"]) expect(list).toContain(name);
  await good("kube app create web -f web.yaml --policy cost --wait --timeout 30s");
  const cheap = await untilExplained("web", /on \S*berlin/);
  expect(cheap).toContain("by global policy cost: price 1");
  expect(cheap).toMatch(/berlin: score \S+, 0\.02 EUR\/h, 1\.16 g CO2\/h/);
  await good("kube app update web --policy carbon");
  // It stays for the half hour of the policy's dwell.
  await untilExplained("web", /by global policy carbon: carbon 1/);
  await good(
    "kube policy create carbon --objective carbon=1 --dwell 0 --minimum-gain 0.1 --budget 5/1h",
  );
  await untilExplained("web", /on \S*oslo/);
});

test("a policy is made, shown, changed and deleted; what is wrong in it is refused by its field", async () => {
  const made = await good([
    ..."kube policy create night --objective price=2 --objective load=1".split(" "),
    ..."--dwell 30m --cooldown 1m --stickiness 0.2 --budget 3/1d".split(" "),
    "--quiet-hours",
    "mon-fri 22:00-06:00 Europe/Berlin",
  ]);
  expect(made.out).toMatch(/objectives +price: 2/);
  expect(made.out).toMatch(/quiet_hours +mon,tue,wed,thu,fri 22:00-06:00 Europe\/Berlin/);
  await good("kube policy update night --objective load=3 --remove-existing-quiet-hours");
  const shown = (await good("kube policy get night -o yaml")).out;
  expect(shown).toMatch(/metric: load\n\s+weight: 3/);
  expect(shown).toContain("quiet_hours: []");
  for (const [flags, field] of [
    ["--objective price=0", /spec\.objectives\[0\]\.weight/],
    ["--objective price=-1", /spec\.objectives\[0\]\.weight/],
    ["--minimum-gain 2", /spec\.minimum_gain/],
  ] as const) {
    const refused = await rok(`kube policy create wrong ${flags}`);
    expect(refused.status).not.toBe(exitStatus.ok);
    expect(refused.err).toMatch(field);
  }
  expect((await good("kube policy create idle --budget 0/1h")).err).toMatch(/never move/);
  await good("kube policy delete idle");
  await good("kube policy delete night");
  expect((await good("kube policy list")).out).not.toContain("night");
});

test("an application's own weights decide, and a policy that is not there is told", async () => {
  await good("kube app create own -f web.yaml --policy nowhere --weight carbon=1");
  const told = await untilExplained("own", /on \S*oslo/);
  expect(told).toContain("by policy nowhere: carbon 1");
  expect(told).toContain("there is no placement policy nowhere");
  expect((await good("kube app get own")).out).toMatch(/weights +carbon: 1/);
  await good("kube app update own --remove-policy --weight price=100");
  await untilExplained("own", /by own weights: carbon 1, price 100/);
  const refused = await rok("kube app update own --weight carbon=0");
  expect(refused.err).toMatch(/spec\.placement\.weights\.carbon/);
});
