import type { FastifyRequest } from "fastify";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { refOf, refText } from "@octoplane/resources/keys";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "../api-context.ts";
import { readBlocking } from "../http/query.ts";

const waiting = new WeakMap<ApiContext, number>();

/**
 * Holds an answer until the object has reached the state that `blocking` names, or is gone for `deleted` (contract section
 * 1.5): this object and no other of its name, and no longer than the limit. Then it is answered as it is. The state that an
 * object had when it was replaced counts only when the controllers have seen what replaced it.
 */
export async function held(
  context: ApiContext,
  kind: AnyKind,
  request: FastifyRequest,
  resource: AnyResource,
): Promise<AnyResource> {
  const state = kind.status === undefined ? undefined : readBlocking(request);
  if (state === undefined) return resource;
  const count = waiting.get(context) ?? 0;
  if (count >= limits.watchersMax) {
    throw failure("Unavailable", `there are ${limits.watchersMax} blocking requests already`);
  }
  waiting.set(context, count + 1);
  try {
    return await untilState(context, kind, { request, resource, state });
  } finally {
    waiting.set(context, (waiting.get(context) ?? 1) - 1);
  }
}

async function untilState(
  context: ApiContext,
  kind: AnyKind,
  wish: {
    readonly request: FastifyRequest;
    readonly resource: AnyResource;
    readonly state: string;
  },
): Promise<AnyResource> {
  const { request, resource, state } = wish;
  const feed = context.resources.feed(kind);
  await feed.caughtUp();
  const key = refText(refOf(resource));
  const { uid, generation } = resource.metadata;
  const before = request.method === "PUT" ? resource.status?.["state"] : undefined;
  const isSeen = ({ status }: AnyResource): boolean =>
    Number(status?.["observed_generation"] ?? generation) >= generation;
  let latest = resource;
  const done = Promise.withResolvers<void>();
  const look = (): void => {
    const found = feed.objects.get(key);
    if (found?.metadata.uid !== uid) {
      // Whatever was waited for, nothing more will come.
      latest = { ...latest, status: { ...latest.status, state: "DELETED" } };
      return done.resolve();
    }
    latest = found;
    if (found.status?.["state"] === state && (state !== before || isSeen(found))) done.resolve();
  };
  const unlisten = feed.listen((events) => {
    if (events.some((event) => event.key === key)) look();
  });
  const cancel = context.resources.parts.clock.after(limits.blockingMs, () => done.resolve());
  const stop = (): void => done.resolve();
  context.closing.addEventListener("abort", stop, { once: true });
  request.raw.socket.once("close", stop);
  look();
  try {
    await done.promise;
    return latest;
  } finally {
    cancel();
    unlisten();
    context.closing.removeEventListener("abort", stop);
    request.raw.socket.off("close", stop);
  }
}
