import type { KubeObject } from "@octoplane/kube/kube";

interface JobParts {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: {
    /** Of a Job a count, of a CronJob the Jobs. */
    readonly active?: number | readonly unknown[];
    readonly succeeded?: number;
    readonly failed?: number;
    readonly lastScheduleTime?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** How far a Job or a CronJob is: `suspended`, `Complete, 1 succeeded`, `1 active, last 2026-01-31T00:00:00Z`. Pure. */
export function jobText(object: KubeObject): string {
  const { spec = {}, status = {} } = object as KubeObject & JobParts;
  const ended = status.conditions?.find(
    (one) => ["Complete", "Failed"].includes(one.type) && one.status === "True",
  );
  const active = typeof status.active === "number" ? status.active : status.active?.length;
  const counts = Object.entries({ active, succeeded: status.succeeded, failed: status.failed });
  const words = [
    ...(ended ? [ended.type] : []),
    ...(spec.suspend === true && !ended ? ["suspended"] : []),
    ...counts.flatMap(([word, count = 0]) => (count === 0 ? [] : [`${count} ${word}`])),
    ...(status.lastScheduleTime === undefined ? [] : [`last ${status.lastScheduleTime}`]),
  ];
  return words.length === 0 ? "waiting" : words.join(", ");
}
