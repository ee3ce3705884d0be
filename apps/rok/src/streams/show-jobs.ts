import { anyKind } from "@octoplane/kinds/kind";
import { RunKind } from "@octoplane/kinds/run";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { printLines, printTable, printValue, tableOf } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import { askTree, type PlaceFlags, type TreeAnswer } from "./show-pods.ts";

/** `rok kube app jobs`: the Jobs and CronJobs of an application as they are now, and below them what was run of them. */
export async function showJobs({ args, options, session }: Call<PlaceFlags>): Promise<void> {
  const name = args[0] ?? "";
  const { items } = await askTree(session, await applicationPath(session, name), options);
  const jobs = items.flatMap((node) => jobsIn(node));
  const runs = (await session.client()).of(RunKind);
  const namespace = await session.namespace();
  const fieldSelector = `spec.application=${name}`;
  const { items: found } = await runs.list({ namespace, fieldSelector });
  if (session.output !== "table") return await printValue(session, { jobs, runs: found });
  printTable(session, {
    titles: ["job", "namespace", "of", "state"],
    rows: jobs.map((job) =>
      [`${job.kind}/${job.name}`, job.namespace ?? "", job.of ?? "", job.state ?? ""].map(oneLine),
    ),
  });
  if (found.length === 0) return;
  printLines(session, [""]);
  printTable(session, tableOf(anyKind(RunKind), found));
}

interface JobAnswer extends Omit<TreeAnswer, "children"> {
  /** The CronJob, or what else made it; `undefined` for one of the manifest. */
  readonly of: string | undefined;
}

function jobsIn({ children, ...node }: TreeAnswer, of?: string): readonly JobAnswer[] {
  const isJob = node.kind === "Job" || node.kind === "CronJob";
  const below = children.flatMap((child) => jobsIn(child, `${node.kind}/${node.name}`));
  return [...(isJob ? [{ ...node, of }] : []), ...below];
}
