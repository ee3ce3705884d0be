import type { Clock } from "@octoplane/shared/clock";
import type { Kube, ServedKind } from "../kube.ts";

/** Makes the process of a container write a line. */
export type WriteLog = (
  place: { readonly namespace: string; readonly name: string; readonly container: string },
  text: string,
) => Promise<void>;

/** What the parts of the suite work with; filled in before the first test. */
export interface Site {
  readonly kube: Kube;
  readonly kubeconfig: object;
  readonly clock: Clock;
  readonly hasTls: boolean;
  readonly knowsBuiltInFields: boolean;
  readonly forgetHistory: (() => Promise<void>) | undefined;
  readonly writeLog: WriteLog | undefined;
  readonly kinds: readonly ServedKind[];
  /** A namespace that no other test uses. */
  freshNamespace(): Promise<string>;
}
