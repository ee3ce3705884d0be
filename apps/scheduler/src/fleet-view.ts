import type { Candidate } from "@octoplane/placement/candidate";
import { fleetItems, type FleetSettings, type SharedFacts } from "@octoplane/placement/fleet";
import type { Seen } from "@octoplane/resources/fleet-journal";
import type { FleetView } from "@octoplane/resources/fleet-writer";
import type { CandidateBook } from "./candidate-book.ts";

/** The fleet of a namespace as decisions see it, and as the journal writes it down. */
export interface SchedulerFleet extends FleetView {
  readonly candidates: readonly Candidate[];
}

/** Where decisions get their fleet from: the journal, once it has written it down. */
export interface FleetSource {
  seen(namespace: string): Promise<Seen<SchedulerFleet> | undefined>;
}

/** Views of the book: the same one as long as no cluster of the namespace has changed. */
export function fleetViewer(
  candidates: CandidateBook,
  settings: FleetSettings,
  sharedBy: (namespace: string) => SharedFacts = () => ({}),
): (namespace: string) => SchedulerFleet | undefined {
  const views = new WeakMap<readonly Candidate[], SchedulerFleet>();
  return (namespace) => {
    const list = candidates.of(namespace);
    if (list === undefined) return undefined;
    let view = views.get(list);
    if (!view) {
      const items = (): ReturnType<typeof fleetItems> =>
        fleetItems(list, settings, sharedBy(namespace));
      view = { id: list, candidates: list, items };
      views.set(list, view);
    }
    return view;
  };
}
