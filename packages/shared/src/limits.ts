import { clientLimits } from "./limits/client-limits.ts";
import { placementLimits } from "./limits/placement-limits.ts";
import { storeLimits } from "./limits/store-limits.ts";
import { workloadLimits } from "./limits/workload-limits.ts";
import { streamLimits } from "./limits/stream-limits.ts";
import { toscaLimits } from "./limits/tosca-limits.ts";

/**
 * Every bound of the system, with its reason. A number that limits anything and does not stand
 * here, or in a part of this list in `limits/`, is a bug.
 * Units are in the names: Ms, Bytes, Max (a count).
 */
export const limits = {
  ...storeLimits,
  ...streamLimits,

  // --- resources -----------------------------------------------------------------------------------------
  /** A guarded write that loses is tried again on the new state this often before it is `Conflict`. */
  conflictRetriesMax: 10,
  /** Decision records kept per application (a ring): enough to see a day of a calm application. */
  decisionsMax: 16,
  /** Events kept per object (a ring): the last few moves and failures; older ones are told by logs. */
  eventsMax: 32,
  /** Audit records kept: a working day of a team and its pipelines. What must be kept for longer is in the log. */
  auditRecordsMax: 10_000,
  /** Audit records wait this long to be committed with others: many small writes would halve what a store can do. */
  auditDelayMs: 250,
  /** Audit records in one commit, with as many removals of old ones; a commit takes 128 operations. */
  auditBundleMax: 60,
  /** Such commits under way at once: one after the other they would not keep up with 1,500 writes a second. */
  auditBundlesAtOnceMax: 4,
  /** Audit records in memory while the store is away; more are in the log only. */
  auditQueueMax: 10_000,
  /**
   * Clusters that one decision record lists one by one, best first; the rest is counted. A record is written with every placement,
   * and all of them can be had again: the decision is made anew from the journal of the fleet.
   */
  decisionCandidatesMax: 8,
  /** Clusters that an explanation, which is worked out when somebody asks, tells one by one: a megabyte. */
  explainCandidatesMax: 1_000,
  /** What a verdict in it repeats of a text from outside. */
  verdictCharsMax: 200,
  /** Changes kept in memory per kind for watches that resume; a browser that slept a minute finds its place. */
  feedHistoryMax: 4_096,
  /** What they changed, in characters of JSON: all of them where objects are small, some dozens of the largest. */
  feedHistoryCharsMax: 64 * 1024 * 1024,

  /** Keys in one ring: one a month for five years. Every one of them is a key that may still open something. */
  keyRingMax: 64,
  /** How often key files are looked at: a rotation takes hold within a breath, and a look is a read of some bytes. */
  keyReloadMs: 10_000,
  /** Records that are sealed again at once: they share commits, and the store's other writers keep their turn. */
  resealParallelMax: 16,
  /** Objects whose credentials do not open that are named one by one; the rest is counted. */
  unopenedNamesMax: 100,

  /** Objects whose decisions and events a backup reads at once: with the largest of them some 10 MB. */
  backupObjectsMax: 16,
  /** Records of one request to restore: their bytes are bounded by the body, this bounds the planning. */
  restoreRecordsMax: 1_000,
  /** Bytes of records that one request to restore should have: what one commit takes, with room for the key of each. */
  restoreBatchBytes: 1_000_000,
  /** The body of such a request: one application with the largest of everything that belongs to it. */
  restoreBodyBytesMax: 32 * 1024 * 1024,
  /** Objects of Krake in one request: each application among them is looked up on its cluster, object by object. */
  importObjectsMax: 64,

  /** Problems of one body that are told one by one: a screen or two. A body of megabytes may have a million. */
  fieldProblemsMax: 100,

  // --- API -----------------------------------------------------------------------------------------------
  /** An application of 155 objects and 2 MB (with YAML overhead) fits; 20 MiB does not. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Characters of JSON that are read or made before others have a turn: a millisecond's worth. */
  jsonCharsAtOnce: 256 * 1024,
  /** Objects in one page when the client asks for pages. */
  listPageMax: 1_000,
  /** Objects of a list that are fetched one by one, where all others are in memory: those that were written just now. */
  listFetchedAloneMax: 16,
  /** Watches that one API process serves at once. */
  watchersMax: 5_000,
  /** Bytes that the client of a watch may leave unread before it is cut off: some ten of the largest objects. */
  watchBacklogBytesMax: 32 * 1024 * 1024,
  /** Seconds between blank lines on a quiet watch when the client names none (Krake's default). */
  heartbeatSeconds: 10,
  /** Characters of JSON kept for lists: some ten thousand small applications. */
  resourceTextCharsMax: 32 * 1024 * 1024,
  /** Shorter answers go out in one write with their headers; longer ones as bytes that nobody has to count. */
  answerTextCharsMax: 64 * 1024,
  /** Tokens whose good signature is remembered; with more in use at once, they are checked again. */
  verifiedTokensMax: 10_000,
  /** `blocking=` waits at most this long (Krake's intended limit). */
  blockingMs: 60_000,
  /** How long a shutdown waits for requests under way. */
  drainMs: 10_000,
  /** Headers and body must arrive within this time: slow clients do not hold connections. */
  requestTimeoutMs: 30_000,
  /** How often slow clients are looked for. */
  slowClientCheckMs: 5_000,
  /** An idle connection is kept this long: longer than the load balancers in front keep theirs (60 s mostly). */
  keepAliveMs: 72_000,
  /** How often the files of certificates are looked at. */
  certificateReloadMs: 10_000,
  /** A fresh certificate is good from a little before now: clocks of other machines are not exact. */
  certificateBackdateMs: 5 * 60_000,
  /** An authority of `rok pki` that nobody says more of: long enough to forget it, and then it is replaced on purpose. */
  authorityDays: 3_650,
  /** The longest that `rok pki` issues for: 50 years, after which no algorithm of today is good. */
  authorityDaysMax: 18_250,
  /** A certificate that nobody says more of: a year, as most rules ask for. */
  certificateDays: 365,
  /** Certificates of hooks are renewed when a third of their year is left: a look a day is early enough. */
  certificateLookMs: 86_400_000,
  /** One request to a server that knows users (OpenID Connect, Keycloak, Keystone), and what is read of its answer. */
  identityServerMs: 5_000,
  identityAnswerBytesMax: 1024 * 1024,
  /** Such requests at once: invented tokens must not become a flood for that server. */
  identityRequestsMax: 64,
  /** What Keycloak or Keystone said of a token holds this long: one that is revoked there ends here in half a minute. */
  foreignUserMs: 30_000,
  /** And that they do not know it, this long. */
  foreignTokenMs: 5_000,
  /** Keys of an issuer are fetched again after this time, and an unknown one is looked for this often at most. */
  issuerKeysFreshMs: 600_000,
  issuerKeysRetryMs: 5_000,
  /** While an issuer does not answer, its last keys are good for this long: a day of outage. */
  issuerKeysMostMs: 86_400_000,
  /** Keys of one issuer that are read. */
  issuerKeysMax: 100,
  /** Clocks of issuers may differ from ours by this much. */
  clockSkewSeconds: 60,
  /** Expired revocations of tokens are looked for this often, by every API server at a moment of its own. */
  revocationSweepMs: 600_000,
  /** And so many are removed in one go: each is a commit, and other writers keep their turn. */
  revocationSweepMax: 500,
  /** A service account that memory does not show is looked for in the store, this often at most for one token. */
  accountLookMs: 1_000,
  /** Requests per second of one identity, and at once: above what one process can serve, so that it stops runaways only. */
  requestsPerSecondMost: 10_000,
  requestsBurstMost: 20_000,
  /** Identities whose requests are counted. */
  rateIdentitiesMax: 10_000,
  /** Characters of a user's or a group's name from elsewhere, and groups of one user: more than directories have. */
  identityNameMax: 255,
  groupsMax: 500,

  /** Warnings beside the answer of one write, and the characters of each: Node reads 16 KiB of headers in all. */
  warningsMax: 8,
  warningCharsMax: 500,

  // --- reconcile -----------------------------------------------------------------------------------------
  /** Keys that one controller works on at once; they wait for answers for most of their time. */
  reconcileWorkersMax: 256,
  /** First and longest delay after an error in a reconcile. */
  retryFirstMs: 200,
  retryMostMs: 60_000,
  /** A `Retry-After` of a cluster is kept to, but not for longer: one wrong header must not silence us for a day. */
  retryAfterMostMs: 300_000,
  /** One timer of a work queue; Node's own overflow above 2^31 ms and ring at once. */
  timerMostMs: 86_400_000,

  // --- Kubernetes ----------------------------------------------------------------------------------------
  /** One request to a cluster; an API server that does not answer in this time counts as not answering. */
  kubeTimeoutMs: 15_000,
  /** Connections to one cluster: server-side applies of one application go out in parallel within a phase. */
  kubeConnectionsMax: 8,
  /** Unknown fields that one apply drops, one request each: the server names only one at a time. */
  kubeRepairsMax: 32,
  /** A connection to a cluster is there within this time or not at all; three lost SYN packets take 7 s. */
  kubeConnectMs: 8_000,
  /** Idle connections are closed before the load balancers in between do it (the shortest common limit is 60 s). */
  kubeIdleConnectionMs: 30_000,
  /** Objects asked for in one page of a list, as kubectl does. */
  kubePageMax: 500,
  /** Objects in one list of a cluster: twice what Kubernetes supports of Pods in a large cluster, rounded down. */
  kubeListItemsMax: 250_000,
  /** All pages of one list together; the version of a list expires after 5 minutes on the server. */
  kubeListMs: 120_000,
  /** Watches on one cluster at once, each with a connection: the kinds that its applications use. */
  kubeWatchesMax: 256,
  /** A watch is silent for a minute at most (bookmarks); longer silence is a connection that died unnoticed. */
  kubeWatchSilenceMs: 90_000,
  /** One event of a watch: etcd holds 1.5 MiB of an object, its JSON may be some times larger. */
  kubeEventBytesMax: 16 * 1024 * 1024,
  /** A watch on a cluster is renewed after this time (API servers end theirs after 5 to 10 minutes). */
  kubeWatchMs: 290_000,
  /** The largest answer read from a cluster (a list page); protects our memory from a hostile server. */
  kubeAnswerBytesMax: 64 * 1024 * 1024,

  // --- application controller ----------------------------------------------------------------------------
  /** What a cluster refused (a 403, a 422) is tried again this late: somebody must change something first. */
  refusedRetryMs: 300_000,
  /** While an object is on its way out, it is looked at again this often beside the watch that tells of its end. */
  removalCheckMs: 1_000,
  /** Kinds that may not be watched (a kubeconfig of one namespace) are looked at this often instead. */
  driftPollMs: 30_000,
  /** Objects that are not ready after this long are degraded rather than starting. */
  startGraceMs: 60_000,
  /** Applications of one cluster worked on at once: as many as it has connections; a slow one must not hold the others. */
  clusterReconcilesMax: 8,
  /** While an application is not settled, kinds that may not be watched are looked at this often. */
  progressPollMs: 2_000,
  /** Repairs of one object at once; then they are put off, longer each time, because somebody keeps undoing them. */
  repairsFreeMax: 3,
  repairFirstMs: 1_000,
  repairMostMs: 300_000,
  /** An object that was left alone for this long is trusted again. */
  repairQuietMs: 600_000,
  /** A watch that ends sooner than this is opened again with growing delay, as after an error. */
  kubeWatchLeastMs: 1_000,
  /** What was forbidden to watch is tried again after this time. */
  forbiddenWatchMs: 300_000,
  /** Requests of one application that go out to one cluster at once. */
  applyParallelMax: 8,

  // --- cluster controller --------------------------------------------------------------------------------
  /** Time between two probes of a healthy cluster. */
  probeIntervalMs: 10_000,
  /** A probe that takes longer has failed. */
  probeTimeoutMs: 5_000,
  /** Failed probes in a row until a cluster is OFFLINE: one lost probe is not an outage. */
  probeFailuresMax: 3,
  /** Probes at once: hundreds of clusters that are gone, each silent until its timeout, must not delay the others. */
  clusterProbesMax: 512,
  /** After a failed probe the next one comes sooner, so that an outage is known in seconds. */
  probeRetryMs: 2_000,

  /** Time between two looks at which kinds a cluster serves: discovery answers are large and change rarely. */
  discoveryIntervalMs: 60_000,
  /** Time between two counts of what the Pods of a cluster request: a list of all of them, a few hundred kB for a hundred. */
  capacityIntervalMs: 30_000,
  /** One count. It runs beside the probes, which do not wait for it. */
  capacityTimeoutMs: 60_000,
  /** Pods that are counted: a third of what Kubernetes supports in one cluster. With more, what is free is not known. */
  countedPodsMax: 50_000,
  /** Counts at once: each holds a page of Pods, some MB of it, and hundreds of clusters are met at a start. */
  capacityCountsMax: 32,
  /** Counts that failed, one after the other, until what was counted last is no longer believed. */
  capacityFailuresMax: 3,
  /** When what is free was counted is written anew after this time, also when it is the same. */
  capacityFreshMs: 300_000,
  /** Nodes whose conditions are kept in a cluster's status; capacity and counts are over all of them. */
  clusterNodesMax: 200,
  /** Registering a cluster waits this long for its certificate; one that does not answer is registered and OFFLINE. */
  certificateCheckMs: 3_000,

  // --- metrics providers ---------------------------------------------------------------------------------
  /** Time between two fetches of one provider. */
  metricsIntervalMs: 10_000,
  /** One fetch. */
  metricsTimeoutMs: 5_000,
  /** Until a metric that is asked for the first time counts as one without a value: sound providers answer much sooner. */
  metricsFirstWaitMs: 500,
  /** The largest answer of a provider that is read. */
  metricsAnswerBytesMax: 4 * 1024 * 1024,
  /** A value older than this no longer counts: the metric is missing. Six intervals. */
  metricsFreshMs: 60_000,
  /** A provider that fails is asked less often, down to this: it is known within a minute that it is back. */
  metricsRetryMostMs: 60_000,
  /** Certificate authorities of providers whose connections are kept; more than any installation has. */
  metricsAuthoritiesMax: 64,
  /** Requests to one provider at once, where it is asked for each metric by itself. */
  metricsRequestsMax: 8,
  /** Names in one query of a database: the text of a query stays well below what servers take. */
  metricsNamesMax: 100,
  /** How far back InfluxDB is asked for a last value; that of Krake. */
  metricsInfluxRange: "1h",
  /** What is known of metrics is compared this often with what was written down of it. */
  metricRecordsMs: 2_000,
  /** And written again after this time even when nothing changed, because a value's age is told from it. */
  metricRecordFreshMs: 30_000,
  /** Metrics written down at once. */
  metricRecordsParallelMax: 32,
  /** Different values that are remembered of one metric: enough to see where it goes. */
  metricHistoryMax: 20,

  ...placementLimits,

  // --- reading of YAML -------------------------------------------------------------------------------------
  /** Characters of one text with manifests: what fits into a body fits here, and the API refuses more anyway. */
  yamlCharsMax: 8 * 1024 * 1024,
  /** Values in one text after aliases are resolved; 155 objects have some 15,000. Stops exponential aliases. */
  yamlNodesMax: 500_000,
  /** Documents in one text; the largest charts have some hundreds. */
  yamlDocumentsMax: 10_000,
  /** Nesting of one document; the deepest schemas of CRDs reach 40, and readers recurse. */
  yamlDepthMax: 100,

  // --- simulated clusters --------------------------------------------------------------------------------
  /** Changes a simulated cluster remembers for watches; a rollout of 100 pods is 500, and 1,000 clusters must fit. */
  simHistoryEventsMax: 1_024,
  /** The largest request body, that of a real API server. */
  simBodyBytesMax: 3 * 1024 * 1024,
  /** The largest stored object, that of etcd behind a real API server. */
  simObjectBytesMax: 1_572_864,
  /** Bytes a slow watcher may have waiting before its connection is cut. */
  simWatchBufferBytesMax: 16 * 1024 * 1024,
  /** How often a quiet watch gets a bookmark; a real API server takes a minute, tests do not want to. */
  simBookmarkMs: 10_000,
  /** A watch without a time limit of its own ends after this, as a real one does after 5 to 10 minutes. */
  simWatchMs: 300_000,
  /** The longest that a terminating pod or namespace lingers: long enough to be seen. */
  simDeletionMs: 100,

  ...clientLimits,
  ...workloadLimits,
  ...toscaLimits,

  // --- demo ----------------------------------------------------------------------------------------------
  /** One step of the demo on slow real clusters: an image has to be pulled. */
  demoStepMs: 180_000,

  // --- text ----------------------------------------------------------------------------------------------
  /** A message in a status or a condition; longer ones are cut. */
  messageCharsMax: 1_024,
} as const;
