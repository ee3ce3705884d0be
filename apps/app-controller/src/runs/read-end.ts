import type { Kube, KubeObject } from "@octoplane/kube/kube";
import { runLabel } from "@octoplane/delivery/run-job";
import { KubeError } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";
import { exitCodeOf, lastPod } from "./run-outcome.ts";

/** What a run left behind. */
export interface RunEnd {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

/** How the process of a run ended, and the last lines that it wrote; nothing of either when its Pod has gone. */
export async function readEnd(
  kube: Kube,
  job: { readonly run: string; readonly namespace: string; readonly container: string },
  signal: AbortSignal,
): Promise<RunEnd> {
  const { kinds } = await kube.discover({ signal });
  const pods = kinds.find(({ group, kind }) => group === "" && kind === "Pod");
  if (pods === undefined) return { exitCode: null, lines: [] };
  const found = await kube.list(
    pods,
    { namespace: job.namespace, labelSelector: `${runLabel}=${job.run}` },
    signal,
  );
  const pod = lastPod(found.items);
  if (pod === undefined) return { exitCode: null, lines: [] };
  const lines = await lastLines(kube, { pod, container: job.container }, signal);
  return { exitCode: exitCodeOf(pod, job.container) ?? null, lines };
}

/** A log that is not to be had is no reason to keep a run from its end. */
async function lastLines(
  kube: Kube,
  { pod, container }: { readonly pod: KubeObject; readonly container: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace = "", name = "" } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
  const bytes = limits.runLinesMax * limits.runLineCharsMax;
  const query = new URLSearchParams({
    container,
    tailLines: String(limits.runLinesMax),
    limitBytes: String(bytes),
  });
  const chunks: Uint8Array[] = [];
  try {
    const request = { method: "GET", path, search: `?${query.toString()}` };
    for await (const chunk of await kube.stream(request, signal)) chunks.push(chunk);
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return [];
  }
  const text = Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
  if (text === "") return [];
  const all = text.split("\n").slice(-limits.runLinesMax);
  return all.map((line) => line.slice(0, limits.runLineCharsMax));
}
