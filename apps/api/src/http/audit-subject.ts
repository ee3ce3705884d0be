import { applicationActions } from "@octoplane/kinds/application-actions";
import type { AuditEntry } from "@octoplane/kinds/audit-record";
import type { Verb } from "@octoplane/kinds/role";

const verbs: Readonly<Record<string, Verb>> = {
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};

/** Reads that hand out a secret are as telling as writes. */
const telling: ReadonlySet<string> = new Set(["kubeconfig", "backup"]);

/** Reads by their method only: they lead into containers. */
const connecting: ReadonlySet<string> = new Set(["exec", "attach", "portforward"]);

/** Questions whose answer takes a body to ask; nothing is written. */
const asking: ReadonlySet<string> = new Set(["plans", "backtests"]);

/** Actions on an object are changes of it, as their rights say. */
const acting: ReadonlySet<string> = new Set([
  ...applicationActions.map(({ name }) => name),
  "undo",
]);

/**
 * What a request was about, by the pattern of its route (`/kubernetes/namespaces/:namespace/applications/:name/status`);
 * `undefined` for one that changes nothing and tells no secret. Pure.
 */
export function auditSubject(
  method: string,
  route: string,
  {
    params,
    body,
    isConnection = false,
  }: {
    readonly params: unknown;
    readonly body: unknown;
    /** Whether it left HTTP, to do nobody knows what. */
    readonly isConnection?: boolean;
  },
): Pick<AuditEntry, "verb" | "api" | "resource" | "namespace" | "name"> | undefined {
  const parts = route.split("/").filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  const isAction = method === "POST" && acting.has(last);
  const verb = isAction
    ? "update"
    : (verbs[method] ?? (method === "GET" ? verbOfGet(last, isConnection) : undefined));
  if (verb === undefined || asking.has(last)) return undefined;
  const { namespace = null, name } = params as {
    readonly namespace?: string;
    readonly name?: string;
  };
  const [api = "", ...rest] = parts;
  const words = rest.filter(
    (part) => !part.startsWith(":") && part !== "namespaces" && part !== "*",
  );
  // A route of one word (`/bootstrap`) belongs to no group.
  const isGrouped = words.length > 0;
  return {
    verb,
    api: isGrouped ? api : "",
    resource: isGrouped ? words.join("/") : api,
    namespace,
    name: name ?? nameIn(body),
  };
}

function verbOfGet(last: string, isConnection: boolean): Verb | undefined {
  if (isConnection || connecting.has(last)) return "create";
  return telling.has(last) ? "get" : undefined;
}

/** A creation names its object in the body, which may be anything. */
function nameIn(body: unknown): string | null {
  if (typeof body !== "object" || body === null) return null;
  const { metadata } = body as { readonly metadata?: unknown };
  if (typeof metadata !== "object" || metadata === null) return null;
  const { name } = metadata as { readonly name?: unknown };
  return typeof name === "string" ? name.slice(0, 255) : null;
}
