/**
 * Every bound of the system, with its reason. A number that limits anything and does not stand here is a bug.
 * Units are in the names: Ms, Bytes, Max (a count).
 */
export const limits = {
  // --- store ---------------------------------------------------------------------------------------------
  /** etcd refuses a transaction of more than 128 operations (its `--max-txn-ops`); LMDB refuses the same. */
  commitOperationsMax: 128,
  /** etcd refuses a request above 1.5 MiB; the difference is room for keys, guards and the framing. */
  commitBytesMax: 1_400_000,
  /** One key: a group, a plural, a namespace and a name of 255 each, with room; LMDB's own limit is 1,978. */
  keyBytesMax: 1_024,
  /** Entries in one page of a list; 500 entries of 2 kB stay well under gRPC's 4 MiB answer. */
  pageEntriesMax: 500,
  /** A page that grows past this is answered with fewer entries: gRPC clients refuse answers above 4 MiB. */
  pageBytesMax: 3_000_000,
  /** Commits that wait to be sent together; past that a writer waits for room. */
  commitQueueMax: 10_000,
  /** Reads that wait to be sent together, likewise. */
  readQueueMax: 10_000,
  /** Revisions kept for watchers that reconnect and for paged lists; at 1,000 writes/s about 100 s. */
  historyRevisionsMax: 100_000,
  /** Bytes of changes that a watch of etcd may have waiting; then its stream is stopped until half of them are read. */
  watchBufferBytesMax: 16 * 1024 * 1024,
  /** Commits in one transaction: on etcd 128 less the operations of the largest; more gains nothing on either. */
  commitBatchMax: 100,
  /** Reads of single keys in one etcd request; with specs of 400 kB the answer stays below 30 MB. */
  readBatchMax: 64,
  /** Requests with commits, and with reads, under way to etcd at once; measured, see docs/adr/0002-store.md. */
  etcdRequestsMax: 3,
  /** Entries of the first answer of a list from etcd, whose sizes tell how many the next may have. */
  etcdFirstPageMax: 64,
  /** Each answer has at most this many times the entries of all before it: the next may be far larger than those. */
  etcdPageGrowthMax: 8,
  /** Entries of one internal page of a list from etcd: each page costs etcd a walk over the range's keys. */
  etcdPageEntriesMax: 5_000,
  /** A list without end is begun again this often when history is compacted under it. */
  listRestartsMax: 3,
  /** Log records of LMDB that one transaction cleans after a compaction: about 10 ms. */
  cleanRecordsMax: 2_000,
  /** Bytes of log records read in that, values included: 2,000 records of 2 kB fit, of 400 kB they would block. */
  cleanBytesMax: 8 * 1024 * 1024,
  /** Commits, and bytes of them, that LMDB keeps in memory for watches that keep up. */
  tailCommitsMax: 4_096,
  tailBytesMax: 16 * 1024 * 1024,
  /** Changes that one step of a watch on LMDB looks at before it hands over what it has. */
  watchStepChangesMax: 1_000,
  /** First and longest delay before a lost watch on etcd is rebuilt. */
  watchRetryFirstMs: 50,
  watchRetryMostMs: 2_000,
  /** A connection that is silent this long is probed; etcd refuses probes more often than every 5 s. */
  etcdKeepAliveMs: 10_000,
  /** A probe that is not answered in this time ends the connection. */
  etcdKeepAliveTimeoutMs: 5_000,
  /** How often an idle watch gets a progress mark, so that its revision does not fall behind compaction. */
  watchProgressMs: 5_000,
  /** A read, a commit or a connection to etcd that takes longer is `Unavailable`. */
  storeTimeoutMs: 10_000,

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
  /** Clusters that one decision record lists one by one, best first; the rest is counted. 64 fit a screen or two. */
  decisionCandidatesMax: 64,
  /** Changes kept in memory per kind for watches that resume; a browser that slept a minute finds its place. */
  feedHistoryMax: 4_096,

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
  /** Objects in one page when the client asks for pages. */
  listPageMax: 1_000,
  /** Watches that one API process serves at once. */
  watchersMax: 5_000,
  /** Bytes that the client of a watch may leave unread before it is cut off: some ten of the largest objects. */
  watchBacklogBytesMax: 32 * 1024 * 1024,
  /** Seconds between blank lines on a quiet watch when the client names none (Krake's default). */
  heartbeatSeconds: 10,
  /** Characters of JSON kept for lists: some ten thousand small applications. */
  resourceTextCharsMax: 32 * 1024 * 1024,
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
  /** Nodes whose conditions are kept in a cluster's status; capacity and counts are over all of them. */
  clusterNodesMax: 200,
  /** Registering a cluster waits this long for its certificate; one that does not answer is registered and OFFLINE. */
  certificateCheckMs: 3_000,

  // --- metrics providers ---------------------------------------------------------------------------------
  /** Time between two fetches of one provider. */
  metricsIntervalMs: 10_000,
  /** One fetch. */
  metricsTimeoutMs: 5_000,
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

  // --- scheduler -----------------------------------------------------------------------------------------
  /** Metric changes move an application at most this often (Krake's `reschedule_after`). */
  rescheduleAfterMs: 60_000,
  /** A move that must wait longer is looked at again meanwhile: timers of Node end at 24 days, intervals at a year. */
  heldLookMs: 3_600_000,

  /** Parentheses within parentheses of a label constraint: more than anybody reads, and far from the end of the stack. */
  constraintDepthMax: 16,
  /** Steps of looking for a contradiction in the constraints of one write, well below a microsecond each. */
  contradictionStepsMax: 20_000,
  /** Labels that a verdict names of one constraint: what fits a few lines. */
  constraintFactsMax: 8,
  /** Preferences of one application, and the characters of each: all stand in every decision record, 64 times at most. */
  preferencesMax: 16,
  preferenceCharsMax: 256,
  /** Taints of a cluster, tolerations of an application: each pair is compared in every decision. */
  taintsMax: 32,

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

  // --- clients of the API --------------------------------------------------------------------------------
  /** One request of a client: longer than the longest that the server may take (a `blocking=` of 60 s). */
  clientRequestMs: 90_000,
  /** One answer: a page of the largest objects is bounded by the server, this by what we want in memory. */
  clientAnswerBytesMax: 256 * 1024 * 1024,
  /** One line of a watch: the largest object, its status included, several times over. */
  clientLineCharsMax: 64 * 1024 * 1024,
  /** A watch without even a heartbeat for this long is dead: three heartbeats and some seconds. */
  clientSilenceMs: 35_000,
  /** First and longest delay before a lost watch is opened again. */
  clientRetryFirstMs: 200,
  clientRetryMostMs: 10_000,
  /** A guarded change of the command line is made again on the new state this often when it loses. */
  rokUpdateRetriesMax: 5,
  /** Keys of Krake's etcd in one answer; an object may have a megabyte, and an answer must fit into memory. */
  importPageMax: 64,
  /** Bytes of objects in one request of an import: well below what a body may have, escaped as they are. */
  importBatchBytes: 2_000_000,
  /** Applications in one request of an import: all of their objects are looked up within one request's time. */
  importApplicationsMax: 8,
  /** A backup in which nothing arrives for this long is over: the server reads pages in milliseconds. */
  backupSilenceMs: 60_000,
  /** `rok --wait` gives up after this when no time is named: images are pulled in minutes. */
  rokWaitMs: 300_000,
  /** Objects in one answer to `rok`: even applications of 400 kB stay below what a client takes in one answer. */
  rokPageMax: 250,
  /** A key for completion is pressed by somebody who waits: the server answers within this time or is left out. */
  rokCompletionMs: 1_500,
  /** Names that completion offers: shells ask before they print more than some hundreds. */
  rokCompletionsMax: 500,
  /** Values of metrics that `rok` asks for at once while it makes a table. */
  rokMetricValuesParallelMax: 8,
  /** Changes to one file that `rok edit` offers to correct before it gives up. */
  rokEditsMax: 20,

  /** One request of `rok login` to an issuer, and what is read of its answer: people wait for it. */
  loginRequestMs: 15_000,
  loginAnswerBytesMax: 1024 * 1024,
  /** Between two questions whether somebody has logged in, when the issuer names no time (RFC 8628, section 3.2). */
  loginPollMs: 5_000,
  /** How much longer it is after each `slow_down` (section 3.5), and after an answer that did not come. */
  loginSlowDownMs: 5_000,
  /** A token that ends within this time is refreshed first: longer than a request takes, and than clocks differ. */
  loginRefreshMs: 60_000,
  /** Whoever refreshes holds the lock for one request; one that is older was left behind by a crash. */
  loginLockStaleMs: 30_000,
  /** How often a lock that somebody else holds is tried. */
  loginLockRetryMs: 50,

  // --- demo ----------------------------------------------------------------------------------------------
  /** One step of the demo on slow real clusters: an image has to be pulled. */
  demoStepMs: 180_000,

  // --- text ----------------------------------------------------------------------------------------------
  /** A message in a status or a condition; longer ones are cut. */
  messageCharsMax: 1_024,
} as const;
