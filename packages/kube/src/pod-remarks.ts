import { limits } from "@octoplane/shared/limits";
import { KubeError, type Kube, type KubeObject } from "./kube.ts";
import { kindOf } from "./owned.ts";

/** What a cluster remarked of something, as its last warning tells it. */
export interface Remark {
  readonly reason: string;
  readonly message: string;
}

interface EventParts {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject?: { readonly uid?: string };
}

/**
 * The last warning about each Pod of a namespace, by the Pod's uid. Nothing where these credentials may not see events: what Pods
 * tell themselves has to do then.
 */
export async function remarksOfPods(
  kube: Kube,
  namespace: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Remark>> {
  const last = new Map<string, Remark & { readonly at: string }>();
  const options = { namespace, fieldSelector: "involvedObject.kind=Pod,type=Warning" };
  let count = 0;
  try {
    for await (const page of kube.pages(await kindOf(kube, "", "Event"), options, signal)) {
      for (const event of page) takeIn(last, event);
      count += page.length;
      if (count >= limits.podRemarksMax) break;
    }
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 403)) throw error;
  }
  return last;
}

function takeIn(last: Map<string, Remark & { readonly at: string }>, event: KubeObject): void {
  const parts = event as unknown as EventParts;
  const uid = parts.involvedObject?.uid;
  if (uid === undefined) return;
  const at = parts.lastTimestamp ?? parts.eventTime ?? "";
  const before = last.get(uid);
  if (before && before.at > at) return;
  last.set(uid, { at, reason: parts.reason ?? "", message: parts.message ?? "" });
}
