import type { Clock } from "@octoplane/shared/clock";
import type { Kube, ServedKind } from "../kube.ts";

/** What the parts of the suite work with; filled in before the first test. */
export interface Site {
  readonly kube: Kube;
  readonly kubeconfig: object;
  readonly clock: Clock;
  readonly hasTls: boolean;
  readonly knowsBuiltInFields: boolean;
  readonly forgetHistory: (() => Promise<void>) | undefined;
  readonly kinds: readonly ServedKind[];
  /** A namespace that no other test uses. */
  freshNamespace(): Promise<string>;
}
