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
  /** Events a watcher may have outstanding before it is ended with `Compacted` and must list again. */
  watchBufferEventsMax: 20_000,
  /** How often an idle watch gets a progress mark, so that its revision does not fall behind compaction. */
  watchProgressMs: 5_000,
  /** A read, a commit or a connection to etcd that takes longer is `Unavailable`. */
  storeTimeoutMs: 10_000,

  // --- resources -----------------------------------------------------------------------------------------
  /** A guarded write that loses is tried again on the new state this often before it is `Conflict`. */
  conflictRetriesMax: 10,
  /** Decision records kept per application (a ring): enough to see a day of a calm application. */
  decisionsMax: 16,
  /** Clusters that one decision record lists one by one, best first; the rest is counted. 64 fit a screen or two. */
  decisionCandidatesMax: 64,
  /** Changes kept in memory per kind for watches that resume; a browser that slept a minute finds its place. */
  feedHistoryMax: 4_096,

  // --- API -----------------------------------------------------------------------------------------------
  /** An application of 155 objects and 2 MB (with YAML overhead) fits; 20 MiB does not. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Objects in one page when the client asks for pages. */
  listPageMax: 1_000,
  /** Watches that one API process serves at once. */
  watchersMax: 5_000,
  /** Seconds between blank lines on a quiet watch when the client names none (Krake's default). */
  heartbeatSeconds: 10,
  /** `blocking=` waits at most this long (Krake's intended limit). */
  blockingMs: 60_000,
  /** How long a shutdown waits for requests under way. */
  drainMs: 10_000,
  /** Headers and body must arrive within this time: slow clients do not hold connections. */
  requestTimeoutMs: 30_000,

  // --- reconcile -----------------------------------------------------------------------------------------
  /** Keys that one controller works on at once: a slow cluster must not hold the others. */
  reconcileWorkersMax: 64,
  /** First and longest delay after an error in a reconcile. */
  retryFirstMs: 200,
  retryMostMs: 60_000,

  // --- Kubernetes ----------------------------------------------------------------------------------------
  /** One request to a cluster; an API server that does not answer in this time counts as not answering. */
  kubeTimeoutMs: 15_000,
  /** Connections to one cluster: server-side applies of one application go out in parallel within a phase. */
  kubeConnectionsMax: 8,
  /** A watch on a cluster is renewed after this time (API servers end theirs after 5 to 10 minutes). */
  kubeWatchMs: 290_000,
  /** The largest answer read from a cluster (a list page); protects our memory from a hostile server. */
  kubeAnswerBytesMax: 64 * 1024 * 1024,

  // --- cluster controller --------------------------------------------------------------------------------
  /** Time between two probes of a healthy cluster. */
  probeIntervalMs: 10_000,
  /** A probe that takes longer has failed. */
  probeTimeoutMs: 5_000,
  /** Failed probes in a row until a cluster is OFFLINE: one lost probe is not an outage. */
  probeFailuresMax: 3,
  /** After a failed probe the next one comes sooner, so that an outage is known in seconds. */
  probeRetryMs: 2_000,

  // --- metrics providers ---------------------------------------------------------------------------------
  /** Time between two fetches of one provider. */
  metricsIntervalMs: 10_000,
  /** One fetch. */
  metricsTimeoutMs: 5_000,
  /** The largest answer of a provider that is read. */
  metricsAnswerBytesMax: 4 * 1024 * 1024,
  /** A value older than this no longer counts: the metric is missing. Six intervals. */
  metricsFreshMs: 60_000,

  // --- scheduler -----------------------------------------------------------------------------------------
  /** Metric changes move an application at most this often (Krake's `reschedule_after`). */
  rescheduleAfterMs: 60_000,

  // --- text ----------------------------------------------------------------------------------------------
  /** A message in a status or a condition; longer ones are cut. */
  messageCharsMax: 1_024,
} as const;
