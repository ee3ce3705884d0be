/** Bounds of what applications say about their objects, and of what is done with them. Each with its reason; `limits.ts` puts all together. */
export const workloadLimits = {
  /** Applications that one waits for: each is looked up whenever the waiting one is looked at. */
  needsMax: 16,
  /** Workloads of an application that verbs have changed: the largest applications that people run have 30 workloads. */
  adjustmentsMax: 256,
  /** Containers of a workload whose image was set; Pods of service meshes have a dozen. */
  adjustedImagesMax: 64,
  /** Specifications that are kept of an application beside the present one: `kubectl rollout history` keeps ten. */
  revisionsMax: 10,
  /** One of them, deflated: with the record that takes its place it has to fit into one commit. */
  revisionCharsMax: 400_000,
  /** Replicas that a verb sets: more Pods than the largest clusters that Kubernetes supports (150,000). */
  replicasMax: 200_000,
} as const;
