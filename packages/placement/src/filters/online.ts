import { limits } from "@octoplane/shared/limits";
import { nounOf, type Candidate } from "../candidate.ts";
import type { Check, Filter } from "../filter.ts";

/**
 * The cluster is there and takes applications. Missing metrics keep new applications away but do not drive away the
 * one that runs there: a broken price feed is no reason to move.
 */
export const onlineFilter: Filter = { name: "online", prepare: () => checkOnline };

export const checkOnline: Check = (candidate, isCurrent) => {
  if (candidate.state === "ONLINE" && !candidate.isDeleted) return undefined;
  const { title, noun } = wordsOf(candidate);
  if (candidate.isDeleted)
    return { reason: `${title}Deleted`, message: `the ${noun} is being deleted` };
  if (isCurrent && candidate.state === "FAILING_METRICS") return undefined;
  const why = candidate.state === "FAILING_METRICS" ? failureOf(candidate) : "";
  return { reason: `${title}NotOnline`, message: `the ${noun} is ${candidate.state}${why}` };
};

/** The first metric without a usable value, in as many words as fit into a verdict. */
function failureOf({ readings }: Candidate): string {
  const failing = readings.find((reading) => !reading.ok);
  return failing?.ok === false ? `: ${failing.message.slice(0, limits.verdictCharsMax)}` : "";
}

function wordsOf(candidate: Candidate): { readonly title: string; readonly noun: string } {
  const noun = nounOf(candidate);
  return { noun, title: `${noun[0]!.toUpperCase()}${noun.slice(1)}` };
}
