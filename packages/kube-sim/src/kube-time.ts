import type { Clock } from "@octoplane/shared/clock";

/** The time of day as Kubernetes writes it: whole seconds. */
export function kubeTime(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}
