import type { Reason } from "@octoplane/kinds/metadata";

/** Krake's code and text, to the letter: its clients look for them. What is in the way stands with each candidate. */
export const unplaceable: Reason = {
  code: "NO_SUITABLE_RESOURCE",
  message: "No matching Kubernetes cluster found",
};
