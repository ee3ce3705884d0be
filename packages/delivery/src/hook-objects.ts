import { hookNames, type HookName } from "@octoplane/kinds/application-hook";
import { isFacts, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import { changedAt, podSpecPath } from "@octoplane/kinds/pod-spec";
import { splitHooks } from "./helm-hooks.ts";

/**
 * What an application needs in order to call back (contract section 6.7): a Secret with token and URL in each namespace in which
 * its Pods run, and variables from it in every container. Pure.
 */
export interface HookGrant {
  readonly hook: HookName;
  readonly token: string;
  readonly url: string;
  /** The names of the variables. */
  readonly envToken: string;
  readonly envUrl: string;
}

export interface HookPlace {
  /** The name of the application. */
  readonly application: string;
  /** Where an object goes that names this namespace, or none. */
  readonly namespaceOf: (named: string | undefined) => string;
}

/** The Secret of a hook; that of Krake, so that who names it by hand need not change anything. */
export function tokenSecretName(application: string, hook: HookName): string {
  return `${application}-krake-${hook}-secret-token`;
}

/** True for a Secret that is made for a hook: one that stands there unmarked was Krake's. */
export function isTokenSecret(item: { readonly kind: string; readonly name: string }): boolean {
  const { kind, name } = item;
  return kind === "Secret" && hookSecret.test(name);
}

/** True for a variable that was put into a container for a hook. */
export function isHookVariable(variable: unknown): boolean {
  if (!isFacts(variable) || !isFacts(variable["valueFrom"])) return false;
  const { secretKeyRef: ref } = variable["valueFrom"];
  return isFacts(ref) && typeof ref["name"] === "string" && hookSecret.test(ref["name"]);
}

const hookSecret = new RegExp(`-krake-(?:${hookNames.join("|")})-secret-token$`);

/**
 * A manifest with what the hooks need. Hooks of Helm get none of it: they may run before any Secret is there. Variables of the
 * same name that a container has already stay.
 */
export function withHooks(
  manifest: readonly ManifestObject[],
  grants: readonly HookGrant[],
  place: HookPlace,
): readonly ManifestObject[] {
  if (grants.length === 0 || manifest.length === 0) return manifest;
  const standing = new Set(splitHooks(manifest).standing);
  const variables = grants.flatMap((grant) => variablesOf(grant, place.application));
  const namespaces = new Set<string>();
  const changed = manifest.map((item) => {
    const path = podSpecPath(item);
    if (path === undefined || !standing.has(item)) return item;
    namespaces.add(place.namespaceOf(namespaceIn(item)));
    return changedAt(item, path, (spec) => withVariables(spec, variables));
  });
  // Without Pods of its own an application may have an operator start some, where its objects go.
  if (namespaces.size === 0) namespaces.add(place.namespaceOf(undefined));
  const secrets = [...namespaces].flatMap((namespace) =>
    grants.map((grant) => tokenSecret(grant, place.application, namespace)),
  );
  return [...secrets, ...changed];
}

function namespaceIn({ metadata }: ManifestObject): string | undefined {
  const { namespace } = isFacts(metadata) ? metadata : {};
  return typeof namespace === "string" && namespace !== "" ? namespace : undefined;
}

function tokenSecret(grant: HookGrant, application: string, namespace: string): ManifestObject {
  const { hook, token, url, envToken, envUrl } = grant;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: tokenSecretName(application, hook), namespace },
    type: "Opaque",
    data: { [keyOf(envToken)]: base64(token), [keyOf(envUrl)]: base64(url) },
  };
}

function keyOf(variable: string): string {
  return variable.toLowerCase();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function variablesOf(
  { hook, envToken, envUrl }: HookGrant,
  application: string,
): readonly (Facts & { readonly name: string })[] {
  const secret = tokenSecretName(application, hook);
  return [envToken, envUrl].map((name) => ({
    name,
    valueFrom: { secretKeyRef: { name: secret, key: keyOf(name) } },
  }));
}

function withVariables(
  spec: Facts,
  variables: readonly (Facts & { readonly name: string })[],
): Facts {
  const changed: Record<string, unknown> = { ...spec };
  for (const list of ["initContainers", "containers"]) {
    const containers = spec[list];
    if (!Array.isArray(containers)) continue;
    changed[list] = containers.map((container: unknown) => {
      if (!isFacts(container)) return container;
      const { env } = container;
      const known = new Set(listOf(env).map(({ name }) => name));
      const added = variables.filter(({ name }) => !known.has(name));
      // In front, because variables may refer to those before them.
      return { ...container, env: [...added, ...(Array.isArray(env) ? (env as unknown[]) : [])] };
    });
  }
  return changed;
}
