import type { FastifyRequest } from "fastify";
import type { AnyResource } from "@octoplane/kinds/kind";
import type { Resources } from "@octoplane/resources/resources";
import type { Authenticator } from "./auth/authenticate.ts";
import type { Authorizer } from "./auth/authorizer.ts";
import type { RoleBook } from "./auth/role-book.ts";
import type { User } from "./auth/user.ts";
import type { ClusterConnections } from "./clusters/cluster-connections.ts";
import type { ResourceTexts } from "./http/resource-texts.ts";
import type { FleetCache } from "./placement/fleet-cache.ts";
import type { Log } from "@octoplane/shared/log";
import type { Metrics } from "@octoplane/shared/metrics";

/** What every route works with. */
export interface ApiContext {
  readonly resources: Resources;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly roles: RoleBook;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly version: string;
  readonly texts: ResourceTexts;
  /** What the scheduler wrote down of the fleets. */
  readonly fleets: FleetCache;
  /** Looks at the key files now; absent where the keys come from no file. */
  readonly lookAtKeys?: () => Promise<void>;
  /** Aborts when the server is closing: watches end then. */
  readonly closing: AbortSignal;
  readonly connections: ClusterConnections;
}

const users = new WeakMap<FastifyRequest, User>();

export function setUser(request: FastifyRequest, user: User): void {
  users.set(request, user);
}

/** Who sent the request; `undefined` when that is not known (yet). */
export function findUser(request: FastifyRequest): User | undefined {
  return users.get(request);
}

/** Who sent the request; set before any route runs. */
export function userOf(request: FastifyRequest): User {
  const user = users.get(request);
  if (!user) throw new Error("a route ran before authentication");
  return user;
}

export function etagOf(resource: AnyResource): string {
  return `"${resource.metadata.resource_version}"`;
}
