import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { ApplicationKind } from "@octoplane/kinds/application";
import { CloudKind, GlobalCloudKind } from "@octoplane/kinds/cloud";
import { ClusterKind } from "@octoplane/kinds/cluster";
import { anyKind, type AnyKind } from "@octoplane/kinds/kind";
import { MagnumClusterKind } from "@octoplane/kinds/magnum-cluster";
import { checkName, ResourceRefSchema, type ResourceRef } from "@octoplane/kinds/metadata";
import { ProjectKind } from "@octoplane/kinds/project";
import { readAs } from "@octoplane/kinds/read-input";
import { boundByRequest, boundToCloud, boundToProject } from "@octoplane/resources/binding";
import type { Ref } from "@octoplane/resources/keys";
import { isoTime } from "@octoplane/shared/clock";
import { failure, invalid } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { dryRunOf } from "../http/query.ts";
import { objectSchemaOf, operation } from "../http/route-schema.ts";
import { answer, demand, pathOf } from "./resource.ts";

/** `PUT …/binding`: an application to a cluster, a cluster to a cloud, a Magnum cluster to a project (contract section 1.4). */

const closed = { additionalProperties: false } as const;
const named = { api: Type.Optional(Type.String()), kind: Type.Optional(Type.String()) };
const ClusterBindingSchema = Type.Object({ ...named, cluster: ResourceRefSchema }, closed);
const CloudBindingSchema = Type.Object({ ...named, cloud: ResourceRefSchema }, closed);
const MagnumBindingSchema = Type.Object(
  { ...named, project: ResourceRefSchema, template: Type.String() },
  closed,
);

export function bindingRoutes(app: FastifyInstance, context: ApiContext): void {
  const { resources } = context;
  const now = (): string => isoTime(resources.parts.clock.now());
  const add = (
    kind: AnyKind,
    body: Type.TSchema,
    bind: (ref: Ref, request: FastifyRequest) => Promise<Parameters<typeof answer>[1]>,
  ): void => {
    const words = { body, answer: objectSchemaOf(kind), subresource: "binding", dryRun: true };
    app.put(`${pathOf(kind)}/binding`, operation(kind)("bind", words), async (request, reply) => {
      const ref = demand(context, kind, request, "update", "binding");
      return answer(reply, await bind(ref, request));
    });
  };

  add(anyKind(ApplicationKind), ClusterBindingSchema, async (ref, request) => {
    const body = readAs<Static<typeof ClusterBindingSchema>>(ClusterBindingSchema, request.body);
    const cluster = await found(context, "cluster", body.cluster, ref, [anyKind(ClusterKind)]);
    const repository = resources.of(ApplicationKind, dryRunOf(request));
    const { metadata } = await repository.mustGet(ref);
    return await repository.updateStatus(ref, metadata.uid, (current) => {
      const place = { namespace: cluster.namespace ?? "", name: cluster.name };
      return { status: boundByRequest(current, place, now()) };
    });
  });
  add(anyKind(ClusterKind), CloudBindingSchema, async (ref, request) => {
    const body = readAs<Static<typeof CloudBindingSchema>>(CloudBindingSchema, request.body);
    const kinds = [anyKind(CloudKind), anyKind(GlobalCloudKind)];
    const cloud = await found(context, "cloud", body.cloud, ref, kinds);
    const repository = resources.of(ClusterKind, dryRunOf(request));
    const { metadata } = await repository.mustGet(ref);
    return await repository.updateStatus(ref, metadata.uid, (current) => ({
      status: boundToCloud(current, cloud, now()),
    }));
  });
  add(anyKind(MagnumClusterKind), MagnumBindingSchema, async (ref, request) => {
    const body = readAs<Static<typeof MagnumBindingSchema>>(MagnumBindingSchema, request.body);
    const project = await found(context, "project", body.project, ref, [anyKind(ProjectKind)]);
    const repository = resources.of(MagnumClusterKind, dryRunOf(request));
    const { metadata } = await repository.mustGet(ref);
    return await repository.updateStatus(ref, metadata.uid, (current) => ({
      status: boundToProject(current, { project, template: body.template }, now()),
    }));
  });
}

/**
 * What a body refers to, as it is stored: one of the kinds, in the namespace of what is bound or in none. `Invalid` for any
 * other, `NotFound` when it does not exist.
 */
async function found(
  context: ApiContext,
  field: string,
  sent: ResourceRef,
  { namespace }: Ref,
  kinds: readonly AnyKind[],
): Promise<ResourceRef> {
  const kind = kinds.find((one) => one.api === sent.api && one.kind === sent.kind);
  if (!kind) {
    const expected = kinds.map((one) => `${one.api}/${one.kind}`).join(" or ");
    const message = `expected ${expected}, found ${sent.api}/${sent.kind}`;
    throw invalid([{ field: `${field}.kind`, message }]);
  }
  const place = kind.namespaced ? (sent.namespace ?? namespace ?? null) : sent.namespace;
  if (place !== (kind.namespaced ? namespace : null)) {
    const where = kind.namespaced ? `namespace ${namespace}` : "no namespace";
    const message = `expected a ${field} of ${where}`;
    throw invalid([{ field: `${field}.namespace`, message }]);
  }
  const problems = checkName(`${field}.name`, sent.name);
  if (problems.length > 0) throw invalid(problems);
  const ref = { name: sent.name, ...(place === null ? {} : { namespace: place }) };
  if (await context.resources.of(kind).get(ref)) {
    return { api: kind.api, kind: kind.kind, namespace: place, name: sent.name };
  }
  const where = place === null ? "" : ` in namespace ${place}`;
  throw failure("NotFound", `${kind.kind} ${sent.name}${where} does not exist`);
}
