import { waitFor } from "@octoplane/client/wait-for";
import { anyKind } from "@octoplane/kinds/kind";
import { RunKind, type Run } from "@octoplane/kinds/run";
import { isoTime } from "@octoplane/shared/clock";
import { exitStatus, usageError } from "../exit-status.ts";
import { readWish, type WaitFlags, type Wish } from "../kubernetes/finish.ts";
import { readWorkload } from "../input/workload-values.ts";
import type { Call } from "../leaf.ts";
import { printOne } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { RunLog } from "./run-logs.ts";

/** `rok kube app run`: a Job or CronJob of an application, run once. */

export interface RunFlags extends WaitFlags {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly container?: string;
  readonly note?: string;
  readonly command?: readonly string[];
  readonly logs?: boolean;
}

/** The exit status says how a run ended that was waited for. */
export async function runWorkload({ args, options, session }: Call<RunFlags>): Promise<number> {
  const [application = "", text = "", ...words] = args.filter((word) => word !== undefined);
  const { kind, ...workload } = readWorkload(text);
  if (kind !== undefined && kind !== "Job" && kind !== "CronJob") {
    throw usageError(`expected Job/NAME or CronJob/NAME, found ${text}`);
  }
  const { logs = false, ...flags } = options;
  const wish = readWish(logs ? { wait: true, ...flags } : flags, ["completed"]);
  const { env = {}, container, command } = options;
  const runs = (await session.client()).of(RunKind);
  const draft = {
    metadata: { name: options.name ?? nameOf(session, workload.name) },
    spec: {
      application,
      workload: { ...workload, ...(kind === undefined ? {} : { kind }) },
      env,
      ...(options.note === undefined ? {} : { note: options.note }),
      ...(container === undefined ? {} : { container }),
      ...(command === undefined ? {} : { command }),
      ...(words.length === 0 ? {} : { args: words }),
    },
  };
  const created = await runs.create(draft, await session.namespace());
  const log = logs && session.output === "table" ? new RunLog(session) : undefined;
  const run = wish.goal === undefined ? created : await endOf(session, created, { ...wish, log });
  await printOne(session, anyKind(RunKind), run);
  return run.status.state === "FAILED" ? exitStatus.failed : exitStatus.ok;
}

/** `solve-20260102-030405`: runs of one template follow each other in a list. */
function nameOf({ io }: Session, workload: string): string {
  const time = isoTime(io.clock.now()).slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${workload}-${time}`;
}

async function endOf(
  session: Session,
  created: Run,
  { timeoutMs, log }: Wish & { readonly log: RunLog | undefined },
): Promise<Run> {
  try {
    const run = await lastState(session, created, { timeoutMs, log });
    await log?.end(run);
    return run;
  } finally {
    await log?.leave();
  }
}

async function lastState(
  session: Session,
  { metadata }: Run,
  { timeoutMs, log }: { readonly timeoutMs: number; readonly log: RunLog | undefined },
): Promise<Run> {
  const runs = (await session.client()).of(RunKind);
  const ref = { name: metadata.name, namespace: metadata.namespace ?? "" };
  let told = "";
  const last = await waitFor(
    runs,
    ref,
    (run) => {
      if (run === undefined) throw usageError(`run ${metadata.name} was deleted`);
      log?.see(run);
      const { state, reason } = run.status;
      const why = reason === null ? "" : ` (${oneLine(reason.message)})`;
      const text = `${metadata.name}: ${state}${why}`;
      if (text !== told) session.note((told = text));
      return state === "COMPLETED" || state === "FAILED";
    },
    { timeoutMs },
  );
  return last ?? (await runs.get(ref));
}
