import { readAs } from "@octoplane/kinds/read-input";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind, type Cluster } from "@octoplane/kinds/cluster";
import { candidateOf, type Candidate } from "@octoplane/placement/candidate";
import { decide } from "@octoplane/placement/decide";
import { limits } from "@octoplane/shared/limits";
import { seededRandom } from "@octoplane/shared/random";
import type { Report } from "./figure.ts";

/** Decisions on one core: 1,000 clusters with 5 metrics each, two label constraints, one metric constraint. */
export function benchDecisions(report: Report): void {
  for (const clusters of [10, 100, 1_000]) {
    const candidates = makeCandidates(clusters);
    const apps = Array.from({ length: 100 }, (_, index) => makeApp(index));
    const decideAll = (until: number): number => {
      let done = 0;
      while (performance.now() < until) {
        const app = apps[done % apps.length]!;
        const snapshot = { now: 0, candidates, stickiness: 0.1, rescheduleAfterMs: 60_000 };
        decide(app, snapshot, limits.decisionCandidatesMax);
        done += 1;
      }
      return done;
    };
    decideAll(performance.now() + 500);
    const began = performance.now();
    const done = decideAll(began + 2_000);
    const value = done / ((performance.now() - began) / 1_000);
    const goal = clusters === 1_000 ? { goal: "2,000/s" } : {};
    report({ name: `placement.decisions.${clusters}`, value, unit: "/s", ...goal });
  }
}

function makeCandidates(count: number): readonly Candidate[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const cluster = {
      metadata: {
        name: `cluster-${String(index).padStart(4, "0")}`,
        namespace: "bench",
        deleted: null,
        labels: { region: `r${index % 10}`, tier: index % 3 === 0 ? "gold" : "silver" },
      },
      spec: { custom_resources: [] },
      status: { ...readAs<object>(ClusterKind.status, {}), state: "ONLINE" },
    } as unknown as Cluster;
    const readings = Array.from({ length: 5 }, (__, metric) => {
      const value = random.fraction();
      const time = "2026-01-01T00:00:00.000Z";
      return {
        ok: true as const,
        name: `m${metric}`,
        weight: 1 + metric,
        raw: value,
        value,
        time,
        provider: "p",
      };
    });
    return candidateOf(cluster, readings);
  });
}

function makeApp(index: number): Application {
  const constraints = {
    cluster: { labels: ["tier is gold", "region not in (r1, r2)"], metrics: ["m0 > 0.1"] },
  };
  return {
    api: "kubernetes",
    kind: "Application",
    metadata: { name: `app-${index}`, namespace: "bench", generation: 1 },
    spec: readAs<object>(ApplicationKind.fields.spec, { constraints }),
    status: readAs<object>(ApplicationKind.status, {}),
  } as unknown as Application;
}
