/** Bounds of the stores. Each with its reason; `limits.ts` puts all together. */
export const storeLimits = {
  /** etcd refuses a transaction of more than 128 operations (its `--max-txn-ops`); LMDB refuses the same. */
  commitOperationsMax: 128,
  /** etcd refuses a request above 1.5 MiB; the difference is room for keys, guards and the framing. */
  commitBytesMax: 1_400_000,
  /** Larger records are stored deflated: most are far below, and are read with no more than a parser. */
  plainRecordCharsMax: 64 * 1024,
  /** The most that one may inflate to: twice the largest body, whatever stands in a doctored backup. */
  inflatedRecordBytesMax: 16 * 1024 * 1024,
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
} as const;
