import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AnyKind, AnyResource } from "@octoplane/kinds/kind";
import { checkName } from "@octoplane/kinds/metadata";
import { readInput } from "@octoplane/kinds/read-input";
import type { Verb } from "@octoplane/kinds/role";
import type { Ref } from "@octoplane/resources/keys";
import { invalid, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { warningHeader } from "@octoplane/shared/warning-header";
import { etagOf, userOf, type ApiContext } from "../api-context.ts";
import { admit } from "../admission.ts";
import {
  dryRunOf,
  isDryRun,
  isForced,
  readBlocking,
  readIfMatch,
  readListQuery,
  readPreconditions,
  readSelection,
  wantsSummary,
  wantsWatch,
} from "../http/query.ts";
import { bodySchemaOf, listSchemaOf, objectSchemaOf, operation } from "../http/route-schema.ts";
import { sendJson, sendJsonText } from "../http/send-json.ts";
import { refuseSummary, summaryOf } from "../http/summary.ts";
import { held } from "./blocking.ts";
import { serveWatch } from "./watch.ts";

/** The routes by which objects of a kind are read: one, lists, watches (contract section 1.3). */
export function readRoutes(app: FastifyInstance, context: ApiContext, kind: AnyKind): void {
  const schema = operation(kind);
  const view = kind.bulky !== undefined;
  const many = { list: true, view, answer: listSchemaOf(kind) };
  app.get(collectionOf(kind), schema("list", many), (request, reply) =>
    list(context, kind, request, reply),
  );
  if (kind.namespaced) {
    app.get(`/${kind.api}/${kind.plural}`, schema("list all", many), (request, reply) =>
      list(context, kind, request, reply),
    );
  }
  const read = schema("read", { view, answer: objectSchemaOf(kind) });
  app.get(pathOf(kind), read, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const isSummary = wantsSummary(request);
    const resource = await context.resources.of(kind).mustGet(ref);
    return answer(reply, isSummary ? summaryOf(kind, resource) : resource);
  });
}

/** The routes by which objects of a kind come, change and go, from its declaration (contract section 1.3). */
export function writeRoutes(app: FastifyInstance, context: ApiContext, kind: AnyKind): void {
  const schema = operation(kind);
  const words = { answer: objectSchemaOf(kind), dryRun: true };
  const blocking = kind.status !== undefined;
  const body = bodySchemaOf(kind);
  app.post(collectionOf(kind), schema("create", { ...words, body, blocking }), (request, reply) =>
    create(context, kind, request, reply),
  );
  app.put(pathOf(kind), schema("replace", { ...words, body, blocking }), async (request, reply) => {
    const ref = demand(context, kind, request, "update");
    readBlocking(request);
    const repository = context.resources.of(kind, dryRunOf(request));
    const input = readInput(kind, request.body);
    refuseSummary(input);
    await admit(context, kind, { input, ref, user: userOf(request) });
    try {
      const replaced = await repository.update(ref, input, readIfMatch(request));
      withWarnings(reply, kind, replaced);
      if (isDryRun(request)) return answer(reply, replaced);
      return answer(reply, await held(context, kind, request, replaced));
    } catch (error) {
      if (kind.answersEqualPut !== true || !isFailure(error, "NoChange")) throw error;
      return answer(reply, await repository.mustGet(ref));
    }
  });
  const removal = schema("delete", { ...words, force: true, blocking, uid: true });
  app.delete(pathOf(kind), removal, async (request, reply) => {
    const ref = demand(context, kind, request, "delete");
    readBlocking(request);
    const removed = await context.resources.of(kind, dryRunOf(request)).remove(ref, {
      force: isForced(request),
      expected: readPreconditions(request),
    });
    if (isDryRun(request)) return answer(reply, removed);
    return answer(reply, await held(context, kind, request, removed));
  });
}

async function create(
  context: ApiContext,
  kind: AnyKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { namespace } = refOfRequest(request);
  demandVerb(context, kind, request, "create");
  const repository = context.resources.of(kind, dryRunOf(request));
  const input = readInput(kind, request.body);
  await admit(context, kind, { input, ref: undefined, user: userOf(request) });
  readBlocking(request);
  const created = await repository.create(input, namespace);
  withWarnings(reply, kind, created);
  // Nothing will come of it that could be waited for.
  if (isDryRun(request)) return answer(reply, created);
  return answer(reply, await held(context, kind, request, created));
}

async function list(
  context: ApiContext,
  kind: AnyKind,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | void> {
  const { namespace } = request.params as { readonly namespace?: string };
  const problems = namespace === undefined ? [] : checkName("namespace", namespace);
  if (problems.length > 0) throw invalid(problems);
  const wish = { api: kind.api, resource: kind.plural, verb: "list" } as const;
  const user = userOf(request);
  const everywhere = kind.namespaced && namespace === undefined;
  if (everywhere) context.authorizer.demandSome(user, wish);
  else context.authorizer.demand(user, wish, namespace);
  /** Asked again for each object of a watch: a right that was taken away ends what is shown. */
  const isVisible = (resource: AnyResource): boolean => {
    if (!everywhere) return context.authorizer.allows(user, wish, namespace);
    const visible = context.authorizer.visible(user, wish);
    return visible === "all" || visible.has(resource.metadata.namespace ?? "");
  };
  const selection = readSelection(kind, request);
  const isSummary = wantsSummary(request);
  if (wantsWatch(request)) {
    const view = { namespace, isVisible, selects: selection?.matches, isSummary };
    return serveWatch(context, kind, { request, reply, ...view });
  }
  const page = await context.resources.of(kind).list({
    namespace,
    name: everywhere ? undefined : selection?.name,
    ...readListQuery(request),
  });
  const visible = everywhere ? context.authorizer.visible(user, wish) : "all";
  const items = page.items.filter(
    (item) =>
      (visible === "all" || visible.has(item.metadata.namespace ?? "")) &&
      (selection?.matches(item) ?? true),
  );
  const head = JSON.stringify({
    api: kind.api,
    kind: `${kind.kind}List`,
    metadata: {
      resource_version: String(page.revision),
      ...(page.next === undefined ? {} : { continue: page.next }),
    },
  });
  const texts = await textsOf(items, (item) =>
    isSummary ? JSON.stringify(summaryOf(kind, item)) : context.texts.of(item),
  );
  const text = `${head.slice(0, -1)},"items":[${texts.join(",")}]}`;
  return sendJsonText(reply, text);
}

/** Of a list of megabytes, others have a turn in between. */
async function textsOf(
  items: readonly AnyResource[],
  textOf: (item: AnyResource) => string,
): Promise<readonly string[]> {
  const texts: string[] = [];
  let chars = 0;
  for (const item of items) {
    const text = textOf(item);
    texts.push(text);
    chars += text.length;
    if (chars <= limits.jsonCharsAtOnce) continue;
    await nextTurn();
    chars = 0;
  }
  return texts;
}

/** Checks the right to a route of one object, or of a sub-resource of it, and gives its place. */
export function demand(
  context: ApiContext,
  kind: AnyKind,
  request: FastifyRequest,
  verb: Verb,
  subresource?: string,
): Ref {
  demandVerb(context, kind, request, verb, subresource);
  return refOfRequest(request);
}

function demandVerb(
  context: ApiContext,
  kind: AnyKind,
  request: FastifyRequest,
  verb: Verb,
  subresource?: string,
): void {
  const { namespace } = request.params as { readonly namespace?: string };
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  context.authorizer.demand(userOf(request), { api: kind.api, resource, verb }, namespace);
}

function refOfRequest(request: FastifyRequest): Ref {
  const { namespace, name } = request.params as {
    readonly namespace?: string;
    readonly name?: string;
  };
  return { name: name ?? "", ...(namespace === undefined ? {} : { namespace }) };
}

export function answer(reply: FastifyReply, resource: AnyResource): FastifyReply {
  return sendJson(reply.header("etag", etagOf(resource)), resource);
}

/** Tells beside the answer of a write what is allowed and most likely a mistake, as Kubernetes does. */
export function withWarnings(
  reply: FastifyReply,
  kind: AnyKind,
  resource: AnyResource,
): FastifyReply {
  const texts = (kind.warn?.(resource) ?? []).slice(0, limits.warningsMax);
  if (texts.length === 0) return reply;
  const cut = texts.map((text) => text.slice(0, limits.warningCharsMax));
  return reply.header("warning", cut.map(warningHeader));
}

function collectionOf(kind: AnyKind): string {
  const scope = kind.namespaced ? "/namespaces/:namespace" : "";
  return `/${kind.api}${scope}/${kind.plural}`;
}

/** The path of one object of a kind, as the routes of its sub-resources begin. */
export function pathOf(kind: AnyKind): string {
  return `${collectionOf(kind)}/:name`;
}
