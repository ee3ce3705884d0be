/** Bounds of the scheduler, of decisions and of what is written down about them. Each with its reason; `limits.ts` puts all together. */
export const placementLimits = {
  /** Metric changes move an application at most this often (Krake's `reschedule_after`). */
  rescheduleAfterMs: 60_000,
  /** Applications that are decided on at once: as many decisions share a commit, and one waits for its own only. */
  decisionsAtOnceMax: 256,
  /** Label constraints that are kept ready. */
  labelConstraintsKeptMax: 4_096,
  /** A move that must wait longer is looked at again meanwhile: timers of Node end at 24 days, intervals at a year. */
  heldLookMs: 3_600_000,
  /** Objectives of a policy, metrics that an application weighs: each is looked for in every cluster's readings. */
  objectivesMax: 16,
  /** The weight of one of them: a thousand times the weights that people use, and sums stay exact. */
  objectiveWeightMax: 1_000_000,
  /** Quiet hours of a policy: one for each day of the week, and some more. */
  quietHoursMax: 16,
  /** Moves that the status of an application keeps, and so the most that its budget counts. */
  movesKeptMax: 64,
  /** Clusters on which an application failed that are remembered of it. */
  failedMovesMax: 8,
  /** Until such a cluster is tried again at first, when the policy names no time, and at most: a day. */
  cooldownMs: 300_000,
  cooldownMostMs: 86_400_000,
  /** Moves for metrics in any hour of one application (Krake's rate), out of or into one cluster, and of all. */
  movesPerHourOfApplication: 60,
  movesPerHourOfCluster: 600,
  movesPerHourOfFleet: 3_600,
  /** Moves that wait for a budget look again at moments of their own within this time, not all of them at once. */
  budgetLookMs: 60_000,
  /** An application that is not healthy on its new cluster after this long goes back: images are pulled in minutes. */
  migrationTimeoutMs: 600_000,
  /** And after this long, when the new cluster refuses it. */
  migrationRefusedMs: 60_000,
  /** A Job of a migration with a deadline of its own is waited for so much longer: its end has to be told, too. */
  migrationHookLateMs: 60_000,
  /** Clusters of a namespace that vanish within this time belong to one outage. */
  brakeWindowMs: 300_000,
  /** It holds placements for this long at most. */
  brakeHoldMs: 600_000,
  /** Half-used cores and their memory draw so many watts where no metric says otherwise (docs/placement.md). */
  wattsPerCore: 2.1,
  wattsPerGiB: 0.4,
  /** Zones whose clocks are kept; the database of time zones has some 600. */
  timeZonesMax: 1_000,

  /** Changes of the fleet that nobody decides on are written down this often: a minute of noise is 60 small records. */
  fleetJournalMs: 1_000,
  /** How long the fleet of a decision is kept at least, unless there is no room: a weekend, until somebody asks on Monday. */
  fleetJournalKeptMs: 3 * 86_400_000,
  /** Bytes (compressed) of the journal of one namespace, and what each of its records counts beside them. */
  fleetJournalBytesMax: 64 * 1024 * 1024,
  fleetRecordOverheadBytes: 512,
  /** JSON in one record before it is compressed: what compresses badly still fits into a commit. */
  fleetRecordCharsMax: 1_000_000,
  /** Changes after one checkpoint, and how much larger than it they may become together: a replay reads them all. */
  fleetSegmentEntriesMax: 500,
  fleetSegmentGrowth: 4,
  /** And a checkpoint smaller than this counts as this large: small fleets would be written down again all the time. */
  fleetSegmentBytesLeast: 64 * 1024,
  /** Journals of schedulers that are gone, and checkpoints that grow old, are looked for this often. */
  fleetSweepMs: 3_600_000,
  /** A journal over its bytes loses the last state of another writer only when that has been silent for this long. */
  fleetWriterSilentMs: 3_600_000,
  /** After a failed write decisions are recorded without a basis for this long: placement must not wait for its diary. */
  fleetRetryMs: 5_000,
  /** Entries of a journal that are read at once. */
  fleetReadEntriesMax: 32,
  /** Clusters made plain data in one go: below 10 ms, so that other work has its turn. */
  fleetSliceMax: 200,
  /** Characters of a decision record; a larger one is written without the decision's inputs, and cannot be replayed. */
  decisionCharsMax: 300_000,
  /** Namespaces whose fleets an API server keeps in memory: 5,000 clusters are some 20 MB, most have far fewer. */
  fleetsKnownMax: 16,
  /** Clusters that `explain` looks at for what would have to change: those that do not fit, and those that come next. */
  explainObstaclesMax: 16,
  explainRivalsMax: 3,
  /** Metrics that would be enough for a move, the smallest changes first. */
  explainShiftsMax: 12,
  /** Plans and backtests that one API server computes at once: each takes half of one core at most. */
  plansAtOnceMax: 2,
  /** Explanations and replays, which take milliseconds mostly, but some 100 ms with thousands of clusters. */
  explanationsAtOnceMax: 16,
  /** How long one of them computes until other requests have their turn. */
  planSliceMs: 5,
  /** Applications that a plan tells of one by one; the rest is counted. */
  planRowsMax: 1_000,
  /** Clusters and metrics that one plan changes. */
  planChangesMax: 100,
  /** States of the fleet that a backtest looks at, and the fewest: a day by minutes and a half, or by half hours. */
  backtestStepsMax: 1_000,
  backtestStepsLeast: 48,
  /** Applications of which it is told, evenly from all of them: enough for means that hold. */
  backtestApplicationsMax: 100,
  /** Looks of one application at one cluster, a microsecond each: within the time that clients wait. */
  backtestWorkMax: 30_000_000,
  /** Fields that a replay names as different: the first few tell, and after a change of the engine it may be all. */
  replayDifferencesMax: 100,

  /** Parentheses within parentheses of a label constraint: more than anybody reads, and far from the end of the stack. */
  constraintDepthMax: 16,
  /** Steps of looking for a contradiction in the constraints of one write, well below a microsecond each. */
  contradictionStepsMax: 20_000,
  /** Labels that a verdict names of one constraint: what fits a few lines. */
  constraintFactsMax: 8,
  /** Clusters that one application may be on: the inventories of all copies stand in one status record of 1.4 MB. */
  copiesMax: 20,
  /** Those inventories, as JSON: the rest of the record is for conditions, addresses and Krake's fields. */
  inventoryBytesMax: 1_200_000,
  /** Overrides of one application, and patches in each: all are tried when it is written, and for each of its copies. */
  overridesMax: 32,
  patchOperationsMax: 64,
  /** Operations of all patches of an application together, some microseconds each, in the midst of a request. */
  patchOperationsOfAllMax: 1_000,
  /** What patches of one object copy, as JSON: clusters refuse larger objects, and 60 copies of everything would be endless. */
  patchCopiedCharsMax: 1_000_000,
  /** Preferences of one application, and the characters of each: all stand in every decision record, 64 times at most. */
  preferencesMax: 16,
  preferenceCharsMax: 256,
  /** Expressions of one application, and the characters of each: every one is asked of every cluster. */
  expressionsMax: 16,
  expressionCharsMax: 1_024,
  /** Parts of one expression, and how deep they stand in one another: readers and checkers recurse. */
  expressionNodesMax: 256,
  expressionDepthMax: 32,
  /** Elements that a list or a map of a cluster is counted with (kinds that it serves, labels): few clusters have more. */
  expressionListElements: 256,
  /** Steps of one look at a cluster, some 50 ns each: a list may be walked through with a dozen steps for each element. */
  expressionStepsMax: 4_096,
  /** Expressions whose reading is kept, the latest asked: thousands of decisions ask the same few. */
  expressionsKeptMax: 512,
  /** Pods are there this long after their workloads were applied; what was counted sooner may not have all of them. */
  podsSettleMs: 10_000,
  /** Rules of one application about others, of each sort: every one is counted anew in every decision. */
  neighbourRulesMax: 16,
  /** Taints of a cluster, tolerations of an application: each pair is compared in every decision. */
  taintsMax: 32,

  /** A cluster that was just made is seen by every process after this long; one that is not there then was deleted. */
  newClusterSeenMs: 10_000,
  /** What clusters on clouds take to take applications, at their usual size. */
  newClusterStartupMs: 600_000,
  /** Over this time its start counts: a new cluster has to be a fifth better than one that is there. */
  newClusterHorizonMs: 3_600_000,
  /** An application waits for its new cluster for this long, and after a failure is not given another for as long. */
  newClusterWaitMs: 3_600_000,
  /** Clusters of a namespace that are made for applications at once: a cloud has quotas, and each machine costs. */
  newClustersAtOnceMax: 5,
  /** Whoever makes a cluster for an application binds it within this time; after that it is bound as any other. */
  newClusterBindMs: 5_000,
  /** An unused cluster that was made for an application is deleted after this long (Krake's `deletion_retention`). */
  clusterRetentionMs: 600_000,
  /** Between the last word that nothing comes there any more and its deletion: decisions under way are written by then. */
  clusterRetiringMs: 5_000,
  /** The template of new clusters: those that people write have some kilobytes. */
  clusterTemplateBytesMax: 1024 * 1024,
} as const;
