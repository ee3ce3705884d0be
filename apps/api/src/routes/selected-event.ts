import type { AnyResource } from "@octoplane/kinds/kind";
import type { FeedEvent } from "@octoplane/resources/kind-feed";

/**
 * What an event means to a watch that sees a selection only: an object that enters it is `ADDED`, one that leaves it is
 * `DELETED` (in its last state that was in it, with the version at which it left), others are not told. Pure.
 */
export function selectedEvent(
  event: FeedEvent<AnyResource>,
  selects: ((resource: AnyResource) => boolean) | undefined,
): FeedEvent<AnyResource> | undefined {
  if (!selects) return event;
  const { object, previous } = event;
  const isIn = selects(object);
  if (event.type !== "MODIFIED" || !previous) return isIn ? event : undefined;
  const wasIn = selects(previous);
  if (isIn) return wasIn ? event : { ...event, type: "ADDED" };
  if (!wasIn) return undefined;
  const { resource_version } = object.metadata;
  const last = { ...previous, metadata: { ...previous.metadata, resource_version } };
  return { ...event, type: "DELETED", object: last };
}
