/** Bounds of the clients of the API. Each with its reason; `limits.ts` puts all together. */
export const clientLimits = {
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
  /** `rok kube cluster drain --wait` looks this often; a move takes seconds. */
  rokDrainPollMs: 1_000,
  /** Objects in one answer to `rok`: even applications of 400 kB stay below what a client takes in one answer. */
  rokPageMax: 250,
  /** A key for completion is pressed by somebody who waits: the server answers within this time or is left out. */
  rokCompletionMs: 1_500,
  /** Names that completion offers: shells ask before they print more than some hundreds. */
  rokCompletionsMax: 500,
  /** Values of metrics, or clouds of clusters, that `rok` asks for at once while it makes a table. */
  rokMetricValuesParallelMax: 8,
  /** One file, answer or output that `rok` reads manifests from: the longest text of YAML, in characters of four bytes. */
  rokSourceBytesMax: 32 * 1024 * 1024,
  /** Files that one folder or pattern stands for: each may have many documents, and the largest systems have hundreds. */
  rokFilesMax: 10_000,
  /** Fetching a manifest from an address: somebody waits, and it is a few megabytes at most. */
  rokSourceFetchMs: 30_000,
  /** Redirects on the way to it: release pages take two, and a circle must end. */
  rokSourceRedirectsMax: 5,
  /** A tool that renders manifests: it may fetch a chart and what that depends on over a slow line. */
  rokToolMs: 600_000,
  /** What such a tool says beside its result: the last screens of it. */
  rokToolWordsBytesMax: 64 * 1024,
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
  /** Clusters that the page of an explanation lists: more than that nobody reads, and -o json has all. */
  explainRowsMax: 64,
} as const;
