/** As much of the status of an application as tells where it belongs; also as a client reads it. */
interface Bound<Ref> {
  readonly places?: readonly BoundPlace<Ref>[];
  readonly scheduled_to: Ref | null;
}

/** One cluster that an application belongs on, and its share of the replicas, relative to the others; null: all of them. */
export interface BoundPlace<Ref> {
  readonly cluster: Ref;
  readonly share: number | null;
}

/**
 * Where an application belongs, in the order of its places: several, or the one that Krake's clients know. Where it still runs
 * besides, on its way, is not among them. Pure.
 */
export function boundPlaces<Ref>({
  places,
  scheduled_to: only,
}: Bound<Ref>): readonly BoundPlace<Ref>[] {
  if (places !== undefined) return places;
  return only === null ? [] : [{ cluster: only, share: null }];
}

/** The clusters of these places. Pure. */
export function boundClusters<Ref>(status: Bound<Ref>): readonly Ref[] {
  return boundPlaces(status).map(({ cluster }) => cluster);
}
