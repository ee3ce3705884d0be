import { isDeepStrictEqual } from "node:util";
import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import { ClusterKind } from "@octoplane/kinds/cluster";
import type { AnyKind } from "@octoplane/kinds/kind";
import type { Input } from "@octoplane/kinds/read-input";
import { connectKube } from "@octoplane/kube/http-kube";
import { KubeError } from "@octoplane/kube/kube";
import type { Ref } from "@octoplane/resources/keys";
import { invalid } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { ApiContext } from "./api-context.ts";
import { demandGrant } from "./auth/demand-grant.ts";
import type { User } from "./auth/user.ts";

interface Admission {
  readonly input: Input;
  /** Absent for a creation. */
  readonly ref: Ref | undefined;
  readonly user: User;
}

/**
 * What can only be told by looking around before a write. Nobody can grant what they do not hold, or wait for what they may not
 * see. A kubeconfig whose cluster shows a certificate that it does not vouch for is refused at once; a cluster that does not answer
 * is registered all the same, and OFFLINE.
 */
export async function admit(context: ApiContext, kind: AnyKind, write: Admission): Promise<void> {
  const { input, ref, user } = write;
  await demandGrant(context, user, kind, input);
  if (kind.kind === ApplicationKind.kind) return await demandNeeds(context, write);
  if (kind.api !== ClusterKind.api || kind.kind !== ClusterKind.kind) return;
  const { kubeconfig } = input["spec"] as {
    readonly kubeconfig: Readonly<Record<string, unknown>>;
  };
  if (Object.keys(kubeconfig).length === 0) return;
  if (ref && isDeepStrictEqual(kubeconfig, await storedKubeconfig(context, ref))) return;
  await checkCertificate(context, kubeconfig);
}

/** An application that waits for another tells its owner whether that one is there, and how it is. */
async function demandNeeds(context: ApiContext, { input, ref, user }: Admission): Promise<void> {
  const wanted = needsOf(input as unknown as Application);
  if (wanted.size === 0) return;
  const before = ref && (await context.resources.of(ApplicationKind).get(ref));
  const wish = { api: ApplicationKind.api, resource: ApplicationKind.plural, verb: "get" } as const;
  const known = before ? needsOf(before) : new Set<string>();
  for (const namespace of wanted) {
    if (!known.has(namespace)) context.authorizer.demand(user, wish, namespace);
  }
}

/** The namespaces, named as such, of the applications that it waits for. */
function needsOf({ spec }: Pick<Application, "spec">): ReadonlySet<string> {
  const needs = spec.delivery?.depends_on ?? [];
  return new Set(needs.flatMap(({ namespace }) => namespace ?? []));
}

async function storedKubeconfig(context: ApiContext, ref: Ref): Promise<unknown> {
  const stored = await context.resources.of(ClusterKind).get(ref);
  return stored?.spec.kubeconfig;
}

async function checkCertificate(
  context: ApiContext,
  kubeconfig: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { clock } = context.resources.parts;
  try {
    // Nobody is logged in: a server must show who it is before it sees a credential.
    const nobody = { ...kubeconfig, users: namesOf(kubeconfig["users"]) };
    await using kube = connectKube(nobody, { clock, timeoutMs: limits.certificateCheckMs });
    await kube.version(context.closing);
  } catch (error) {
    if (error instanceof KubeError && error.reason === "ForeignCertificate") {
      const field = "spec.kubeconfig.clusters[0].cluster.certificate-authority-data";
      throw invalid([{ field, message: error.message }]);
    }
    if (error instanceof KubeError && error.reason === "InvalidKubeconfig") {
      throw invalid([{ field: "spec.kubeconfig", message: error.message }]);
    }
  }
}

function namesOf(users: unknown): readonly object[] {
  return (users as readonly { readonly name: string }[]).map(({ name }) => ({ name, user: {} }));
}
