import type { FastifyRequest } from "fastify";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { userOf, type ApiContext } from "../api-context.ts";
import type { Wish } from "../auth/authorize.ts";

const counts = new WeakMap<ApiContext, number>();

export interface StreamGuard {
  /** Aborts when the right to the stream has ended, the server closes, or `end` was called. */
  readonly signal: AbortSignal;
  /** To be called when the stream is over, however that came; more often than once does no harm. */
  end(): void;
}

/**
 * Holds the place of one stream, and looks again and again at whether its user may still have it. `Unavailable` when the server
 * has as many as it may.
 */
export function guardStream(
  context: ApiContext,
  request: FastifyRequest,
  right: { readonly wish: Wish; readonly namespace: string },
): StreamGuard {
  const { authenticator, authorizer, closing } = context;
  const { clock } = context.resources.parts;
  const count = counts.get(context) ?? 0;
  if (count >= limits.streamsMax) {
    throw failure("Unavailable", `there are ${limits.streamsMax} streams already`);
  }
  counts.set(context, count + 1);
  const user = userOf(request);
  const controller = new AbortController();
  let cancel = (): void => undefined;
  const end = (): void => {
    if (controller.signal.aborted) return;
    counts.set(context, (counts.get(context) ?? 1) - 1);
    cancel();
    closing.removeEventListener("abort", end);
    controller.abort();
  };
  const look = (): void => {
    const isGood = authenticator.standing.reason(user) === undefined;
    if (!isGood || !authorizer.allows(user, right.wish, right.namespace)) return end();
    cancel = clock.after(limits.streamRightMs, look);
  };
  closing.addEventListener("abort", end, { once: true });
  cancel = clock.after(limits.streamRightMs, look);
  if (closing.aborted) end();
  return { signal: controller.signal, end };
}
