import { exitStatus, usageError } from "../exit-status.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { WaitFlags } from "../kubernetes/finish.ts";
import type { Call } from "../leaf.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import type { PodAnswer } from "./pod-answer.ts";
import { podTable } from "./show-pods.ts";

/** `rok kube app restart NAME --pod POD`: one Pod, which whoever made it makes anew. */

export interface RestartPodFlags {
  readonly pod?: string;
  readonly cluster?: string;
}

/** Prints the Pod as it was. */
export async function restartPod({
  args,
  options,
  session,
}: Call<RestartPodFlags & WaitFlags>): Promise<number> {
  const [name = "", ...workloads] = args.filter((word) => word !== undefined);
  const { pod = "", cluster, wait, timeout } = options;
  if (workloads.length > 0) throw usageError("--pod: expected workloads or a Pod, not both");
  if (wait !== undefined || timeout !== undefined) {
    throw usageError("--pod: there is nothing to wait for; see rok kube app pods");
  }
  const path = `${await applicationPath(session, name)}/pods/${encodeURIComponent(pod)}`;
  const { transport } = await session.client();
  const deleted = await transport.json<PodAnswer>("DELETE", path, { query: { cluster } });
  if (session.output === "table") printTable(session, podTable(session, [deleted]));
  else await printValue(session, { kind: "Pod", ...deleted });
  return exitStatus.ok;
}
