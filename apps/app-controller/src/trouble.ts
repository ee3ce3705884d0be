import { KubeError } from "@octoplane/kube/kube";
import { limits } from "@octoplane/shared/limits";

/** Something that a cluster did not do, in Krake's codes. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  /** True when it can pass by itself. */
  readonly canPass: boolean;
  /** True when it came from a webhook that did not answer. */
  readonly isOfWebhook?: boolean;
  /** How long the cluster asked to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;
}

const notReachable = "CLUSTER_NOT_REACHABLE";

/** True when the cluster gives no answer at all. */
export function isUnreachable({ code }: Trouble): boolean {
  return code === notReachable;
}

/** What a cluster said, as a trouble; anything that is no answer of a cluster is thrown on. */
export function troubleOf(error: unknown, title: string): Trouble {
  if (!(error instanceof KubeError)) throw error;
  const causes = error.causes.map(({ field, message }) => `${field}: ${message}`).join("; ");
  const told = error.causes.every(({ message }) => error.message.includes(message));
  const detail = told ? error.message : `${error.message} (${causes})`;
  const code = error.reason === "Unreachable" ? notReachable : "KUBERNETES_ERROR";
  const message = `${title}: ${detail}`.slice(0, limits.messageCharsMax);
  const asked = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  return { code, message, canPass: error.retry, ...asked };
}
