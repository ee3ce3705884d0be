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
  /** How long a cluster is taken for the one that it was, without a look: one that is rebuilt takes longer. */
  clusterIdentityMs: 60_000,
  /** The Pods of a namespace are listed no more often than this for the sake of what is not healthy in it. */
  podLookMs: 3_000,
  /** An object that is not ready yet is left in peace for so long before its Pods are asked: most are ready by then. */
  podPatienceMs: 2_000,
  /** What has been unwell for long is asked for its reason this often: somebody has to do something anyway. */
  podLookMostMs: 60_000,
  /** Pods that such a look passes through, and those of them that it keeps in mind: one that says why is enough. */
  podsLookedAtMax: 5_000,
  podsInTroubleMax: 200,
  /** Events about Pods that are read when Pods do not say themselves what is wrong. */
  podRemarksMax: 1_000,
  /** The request that asks an application to get ready to be removed: it has only to be heard, the work comes after it. */
  shutdownRequestMs: 10_000,
  /** Between two such requests, whatever grace an application has: attempts without number must not become a flood. */
  shutdownGraceLeastMs: 1_000,
  /** The longest that an application is waited for: a month, after which somebody should have looked. */
  shutdownGraceMostMs: 31 * 86_400_000,
  /** What is told of observed fields in a status, each of three lists: enough for a hundred objects, and far from a record's end. */
  observedStatusBytesMax: 128 * 1024,
  /** Names that a message lists, of objects or applications; the rest is counted. */
  namesToldMax: 5,
} as const;
