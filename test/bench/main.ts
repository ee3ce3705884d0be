/**
 * `npm run bench`: what it does in a second, each figure beside the baseline that was measured in the same run.
 *
 *     npm run bench                      everything
 *     npm run bench -- store rest        some of it
 *     npm run bench -- --json FILE       every figure under a name that stays
 *     npm run bench -- load --seconds 5  the load for another time than a minute
 */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { benchDecisions } from "./decide-bench.ts";
import { printFigure, type Figure, type Report } from "./figure.ts";
import { benchGrowth } from "./growth-bench.ts";
import { benchLoad } from "./load-bench.ts";
import { benchPath } from "./path-bench.ts";
import { benchRest } from "./rest-bench.ts";
import { benchScale } from "./scale-bench.ts";
import { benchStores } from "./store-bench.ts";
import { benchStreams } from "./stream-bench.ts";
import { benchWorkloads } from "./workload-bench.ts";

const chapters: Readonly<Record<string, (report: Report) => Promise<void> | void>> = {
  placement: benchDecisions,
  store: benchStores,
  rest: benchRest,
  path: benchPath,
  scale: benchScale,
  growth: benchGrowth,
  workloads: benchWorkloads,
  streams: (report) => benchStreams(report),
  load: (report) => benchLoad(report, Number(values.seconds)),
};

const { values, positionals } = parseArgs({
  options: { json: { type: "string" }, seconds: { type: "string", default: "60" } },
  allowPositionals: true,
});
const wanted = positionals.length === 0 ? Object.keys(chapters) : positionals;
const unknown = wanted.filter((name) => !chapters[name]);
if (unknown.length > 0) {
  process.stderr.write(
    `expected some of ${Object.keys(chapters).join(", ")}, found ${unknown.join(", ")}\n`,
  );
  process.exitCode = 2;
} else {
  const machine = `${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  process.stdout.write(`${machine}\n\n`);
  const figures: Figure[] = [];
  for (const name of wanted) {
    await chapters[name]!((figure) => {
      figures.push(figure);
      process.stdout.write(`${printFigure(figure)}\n`);
    });
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
  }
}
