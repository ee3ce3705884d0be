/**
 * A day of a simulated fleet: `node test/simulation/main.ts --seed 7 --days 1` prints what it came to. The exit status is 1 when
 * something happened that must not.
 *
 *     --seed 7 --seeds 30      thirty runs, from seed 7 on
 *     --step 30                in steps of half a minute instead of a minute
 *     --clusters 60 --applications 400
 *     --no-waking              without the check that everybody is woken who has to be: three times as quick
 */
import { parseArgs } from "node:util";
import { compare, findings } from "./compare.ts";
import { tableOf } from "./table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    days: { type: "string", default: "1" },
    step: { type: "string", default: "60" },
    clusters: { type: "string", default: "30" },
    applications: { type: "string", default: "200" },
    waking: { type: "boolean", default: true },
  },
  allowNegative: true,
});

const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const runs = compare({
    seed,
    days: Number(values.days),
    stepSeconds: Number(values.step),
    clusters: Number(values.clusters),
    applications: Number(values.applications),
    checksWaking: values.waking,
  });
  const broken = findings(runs);
  process.stdout.write(`${tableOf(runs)}\n`);
  for (const what of broken.slice(0, 20)) process.stdout.write(`  broken: ${what}\n`);
  if (broken.length > 0) process.exitCode = 1;
}
