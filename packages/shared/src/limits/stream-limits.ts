/** Bounds of what flows between users and Pods. Each with its reason; `limits.ts` puts all together. */
export const streamLimits = {
  /** Streams to one cluster at once (logs, shells, ports, proxied requests), each with a connection: k9s opens some thirty. */
  kubeStreamsMax: 256,
  /** Streams that one API process serves at once: two sockets each, well below the files that a process may open. */
  streamsMax: 2_000,
  /** A proxied request is answered within this time or not at all: API servers give up after 60 s themselves. */
  proxyAnswerMs: 90_000,
  /** Containers whose logs are merged into one answer; kubectl stops at 5, a cluster's node holds some hundred Pods. */
  logSourcesMax: 64,
  /** A line of a log is cut here: container runtimes cut at 16 KiB, and it is held in memory once for each source. */
  logLineBytesMax: 256 * 1024,
  /** With `follow`, Pods that came later are looked for this often, and logs that ended too soon are asked for again. */
  logSourcesLookMs: 3_000,
  /** The same when all logs have ended, doubled with each look: a Job's end is known in a moment, and people wait for it. */
  logSourcesSoonMs: 100,
  /** Logs that end sooner than this are not asked for again at once: a container that crashes must not become a flood. */
  logRetryMs: 5_000,
  /** The right to an open stream is looked at again this often: a revoked token ends it in a breath. */
  streamRightMs: 5_000,
  /** Pods of one application that are listed; more are counted by `truncated`. */
  ownedPodsMax: 2_000,
  /** Owners that are fetched one by one while Pods are traced to their application. */
  ownersFetchedMax: 1_000,
  /** Owners between a Pod and its application: operators that make operators' objects have four. */
  ownerDepthMax: 8,
  /** Objects of a tree. */
  treeObjectsMax: 5_000,
  /** Events of an application's objects that are told, the newest: more than that nobody reads. */
  clusterEventsMax: 500,
  /** `rok kube app events --watch` asks this often: clusters offer no watch over the objects of many owners. */
  rokEventsPollMs: 2_000,
  /** Words of a command to run in a container, and its characters: what a URL carries through proxies. */
  execWordsMax: 256,
  execCharsMax: 8_192,
  /** Characters of a command in the audit trail. */
  auditDetailCharsMax: 512,
  /** One message of a WebSocket that we read ourselves; Kubernetes sends 32 KiB. */
  websocketMessageBytesMax: 16 * 1024 * 1024,
  /** The other side of a WebSocket answers a close within this time, or is cut. */
  websocketCloseMs: 2_000,
  /** `rok` asks an idle connection for a sign of life after this: routers forget connections after minutes. */
  rokKeepAliveMs: 30_000,
  /** Bytes of one message into a container: Kubernetes cuts its own at this. */
  rokPieceBytes: 32 * 1024,
  /** What a command in a container says of its failure is kept up to this: the last screen of it. */
  rokErrorBytesMax: 8 * 1024,
  /** A forwarded connection whose one side has said all gets the rest of the answer, until nothing came for this long. */
  forwardLingerMs: 10_000,
  /** Connections to one forwarded port at once: a browser opens six, a load test some hundred. */
  forwardConnectionsMax: 256,
  /** Entries of a copy that are left out are named up to this count, and then counted. */
  copyLeftOutShown: 20,
  /** How often a terminal is told how far a copy has come. */
  copyProgressMs: 200,
  /** Folders below each other in a copy: longer paths than file systems take. */
  copyDepthMax: 256,
  /** Bytes of the simulated file system of one container, and files in it. */
  simFilesBytesMax: 64 * 1024 * 1024,
  simFilesMax: 10_000,
} as const;
