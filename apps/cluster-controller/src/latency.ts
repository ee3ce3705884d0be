/**
 * How long the API server of a cluster takes to answer, calmed twice: single answers count little, and what is told changes
 * only by a step that matters, so that no probe is a write.
 */

/** How much a new answer counts. */
const share = 0.2;

/** The smoothed time after one more answer. Pure. */
export function smoothedLatency(before: number | undefined, sampleMs: number): number {
  return before === undefined ? sampleMs : before + share * (sampleMs - before);
}

/** What the status says of it: as before, unless it is off by 10 ms and by a third. Pure. */
export function reportedLatency(reported: number | undefined, smoothedMs: number): number {
  const isNear =
    reported !== undefined &&
    Math.abs(smoothedMs - reported) <= Math.max(stepMs, reported / stepsInAll);
  return isNear ? reported : Math.max(1, Number(smoothedMs.toPrecision(2)));
}

const stepMs = 10;
const stepsInAll = 3;
