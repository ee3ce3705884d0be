import { questionRights, type Rule, type Verb } from "@octoplane/kinds/role";
import { usageError } from "../exit-status.ts";
import { readableKinds } from "../objects/get-objects.ts";
import { findKind, tryKind } from "../objects/kind-names.ts";
import { suggestion } from "@octoplane/shared/near-names";
import { demandValueFormat, printLines, printTable, printValue } from "../output/print-resource.ts";
import type { Session } from "../session.ts";
import { oneLine } from "../output/terminal-text.ts";

/** What `rok auth can-i` does, and how roles name things. */

export const verbs = ["create", "list", "list_all", "get", "update", "delete"] as const;

export async function canI(
  session: Session,
  wish: { readonly verb: string; readonly resource: string; readonly everywhere: boolean },
): Promise<boolean> {
  demandValueFormat(session);
  const verb = readVerb(wish.verb);
  const { api, resource, namespaced } = readResource(wish.resource);
  const isBound = namespaced && !wish.everywhere;
  const namespace = isBound ? { namespace: await session.namespace() } : {};
  const client = await session.client();
  const allowed = await client.allowed({ verb, api, resource, ...namespace });
  if (session.output === "table") printLines(session, [allowed ? "yes" : "no"]);
  else await printValue(session, { allowed });
  return allowed;
}

export async function listRules(session: Session): Promise<void> {
  demandValueFormat(session);
  const rules = await (await session.client()).rules();
  if (session.output !== "table") return await printValue(session, rules);
  printTable(session, {
    titles: ["group", "resources", "namespaces", "verbs"],
    rows: rules.map(ruleRow),
  });
}

function ruleRow({ api, resources, namespaces, verbs: allowed }: Rule): readonly string[] {
  const any = (names: readonly string[]): string =>
    oneLine(names.map((name) => (name === "" ? "*" : name)).join(" "));
  return [any([api]), any(resources), any(namespaces), any(allowed)];
}

export function readVerb(text: string): Verb {
  const verb = verbs.find((candidate) => candidate === text.toLowerCase().replace("-", "_"));
  if (verb) return verb;
  throw usageError(
    `there is no verb ${JSON.stringify(text)}${suggestion(text, verbs)}: expected ${verbs.join(", ")}`,
  );
}

export interface NamedResource {
  readonly api: string;
  /** A plural, with its sub-resource if there is one: `clusters/kubeconfig`. */
  readonly resource: string;
  readonly namespaced: boolean;
}

/**
 * What a role means by a resource: a kind by any of its names, one with its sub-resource
 * (`app/status`), or what is no kind but has a right of its own (`core/tokens`).
 */
export function readResource(text: string): NamedResource {
  const whole = tryKind(readableKinds, text);
  if (whole) return { api: whole.api, resource: whole.plural, namespaced: whole.namespaced };
  const slash = text.lastIndexOf("/");
  if (slash < 1) return findOther(text);
  const [head, tail] = [text.slice(0, slash), text.slice(slash + 1)];
  const kind = tryKind(readableKinds, head);
  if (kind) {
    return { api: kind.api, resource: `${kind.plural}/${tail}`, namespaced: kind.namespaced };
  }
  if (questionRights.includes(tail)) return findOther(text);
  const isGroup = readableKinds.some(({ api }) => api === head);
  return isGroup ? { api: head, resource: tail, namespaced: false } : findOther(text);
}

/** Rights that belong to no kind. */
const others: Readonly<Record<string, string>> = {
  tokens: "core",
  bootstrap: "core",
  secrets: "core",
};

function findOther(text: string): NamedResource {
  const name = text.toLowerCase();
  const [group, question = name] = name.split("/");
  if (questionRights.includes(question) && (question === name || group === "kubernetes")) {
    return { api: "kubernetes", resource: question, namespaced: true };
  }
  const api = Object.hasOwn(others, name) ? others[name] : undefined;
  if (api !== undefined) return { api, resource: name, namespaced: false };
  const kind = findKind(readableKinds, text);
  return { api: kind.api, resource: kind.plural, namespaced: kind.namespaced };
}
