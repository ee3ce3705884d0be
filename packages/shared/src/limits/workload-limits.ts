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
  /** Variables, and words of a command line, that a run is given. */
  runWordsMax: 256,
  /** Lines of a log that a run keeps, and characters of each: what fits on a screen. */
  runLinesMax: 20,
  runLineCharsMax: 500,
  /** Runs that are worked on at once; each waits for its cluster most of the time. */
  runsAtOnceMax: 8,
  /** How often a run that is under way is looked at. */
  runLookMs: 1_000,
  /** Replicas that a verb sets: more Pods than the largest clusters that Kubernetes supports (150,000). */
  replicasMax: 200_000,
  /** Warnings of a cluster that are kept of one object; the first ones say what is wrong with the rest. */
  objectWarningsMax: 4,
  /** Characters of one of them: a path of a field and a sentence. They are kept in the books, next to every object. */
  objectWarningChars: 200,
  /** Names that a message lists, of objects or applications; the rest is counted. */
  namesToldMax: 5,
} as const;
