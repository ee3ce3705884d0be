/**
 * How an object is doing. `progressing` may become healthy by itself, `degraded` says that something is wrong,
 * `idle` is on purpose (a suspended Job), `completed` has done its work.
 */
export interface Health {
  readonly status: "healthy" | "progressing" | "degraded" | "idle" | "completed";
  readonly reason: string;
  readonly message: string;
  /** Pods of this object; absent for what has none. */
  readonly pods?: PodCounts;
}

export interface PodCounts {
  readonly desired: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
}

export const healthy: Health = { status: "healthy", reason: "", message: "" };

export function progressing(reason: string, message: string): Health {
  return { status: "progressing", reason, message };
}

export function degraded(reason: string, message: string): Health {
  return { status: "degraded", reason, message };
}
