import { hookNames, type HookName } from "@octoplane/kinds/application-hook";
import { isFacts, listOf, type Facts } from "@octoplane/kinds/manifest-facts";
import type { ManifestObject } from "@octoplane/kinds/manifest";
import { changedAt, podSpecPath } from "@octoplane/kinds/pod-spec";
import { splitHooks } from "./helm-hooks.ts";

/**
 * What an application needs in order to call back (contract section 6.7): a Secret with token and URL in each namespace in which
 * its Pods run, and variables from it in every container; and where it shows a certificate, another Secret that is mounted. Pure.
 */
export interface HookGrant {
  readonly hook: HookName;
  readonly token: string;
  readonly url: string;
  /** The names of the variables. */
  readonly envToken: string;
  readonly envUrl: string;
  /** With what it shows who it is; absent where the token is all that it has. */
  readonly files?: HookFiles | undefined;
}

export interface HookFiles {
  /** Where they are in every container. */
  readonly folder: string;
  /** The authorities that it may trust, its certificate with what leads to their root, and the key: PEM. */
  readonly bundle: string;
  readonly certificate: string;
  readonly key: string;
}

export interface HookPlace {
  /** The name of the application. */
  readonly application: string;
  /** Where an object goes that names this namespace, or none. */
  readonly namespaceOf: (named: string | undefined) => string;
}

/** The Secrets of a hook; those of Krake, so that who names them by hand need not change anything. */
function tokenSecretName(application: string, hook: HookName): string {
  return `${application}-krake-${hook}-secret-token`;
}

function filesSecretName(application: string, hook: HookName): string {
  return `${application}-krake-${hook}-secret-certs`;
}

/** All that may be made for the hooks of an application. */
export function hookSecretNames(application: string): readonly string[] {
  return hookNames.flatMap((hook) => [
    tokenSecretName(application, hook),
    filesSecretName(application, hook),
  ]);
}

/** True for a Secret that is made for a hook: one that stands there unmarked was Krake's. */
export function isHookSecret(item: { readonly kind: string; readonly name: string }): boolean {
  const { kind, name } = item;
  return kind === "Secret" && hookSecret.test(name);
}

/** True for a variable, a volume or a mount that was put into a Pod for a hook. `isOurs` knows the Secrets by their names. */
export function isOfHook(
  element: unknown,
  isOurs: (secret: string) => boolean = (secret) => hookSecret.test(secret),
): boolean {
  if (!isFacts(element)) return false;
  const { name, mountPath, valueFrom, secret } = element;
  if (mountPath !== undefined) return hookNames.some((hook) => name === volumeName(hook));
  const ref = isFacts(valueFrom) ? valueFrom["secretKeyRef"] : undefined;
  const named = isFacts(ref) ? ref["name"] : isFacts(secret) ? secret["secretName"] : undefined;
  return typeof named === "string" && isOurs(named);
}

const hookSecret = new RegExp(`-krake-(?:${hookNames.join("|")})-secret-(?:token|certs)$`);

function volumeName(hook: HookName): string {
  return `krake-${hook}-certs`;
}

/**
 * A manifest with what the hooks need. Hooks of Helm get none of it: they may run before any Secret is there. Variables and
 * volumes of the same name, and mounts at the same path, that are there already stay.
 */
export function withHooks(
  manifest: readonly ManifestObject[],
  grants: readonly HookGrant[],
  place: HookPlace,
): readonly ManifestObject[] {
  if (grants.length === 0 || manifest.length === 0) return manifest;
  const standing = new Set(splitHooks(manifest).standing);
  const additions = {
    env: grants.flatMap((grant) => variablesOf(grant, place.application)),
    volumes: grants.flatMap((grant) => volumesOf(grant, place.application)),
    volumeMounts: grants.flatMap(mountsOf),
  };
  const namespaces = new Set<string>();
  const changed = manifest.map((item) => {
    const path = podSpecPath(item);
    if (path === undefined || !standing.has(item)) return item;
    namespaces.add(place.namespaceOf(namespaceIn(item)));
    return changedAt(item, path, (spec) => withAdditions(spec, additions));
  });
  // Without Pods of its own an application may have an operator start some, where its objects go.
  if (namespaces.size === 0) namespaces.add(place.namespaceOf(undefined));
  const secrets = [...namespaces].flatMap((namespace) =>
    grants.flatMap((grant) => secretsOf(grant, place.application, namespace)),
  );
  return [...secrets, ...changed];
}

function namespaceIn({ metadata }: ManifestObject): string | undefined {
  const { namespace } = isFacts(metadata) ? metadata : {};
  return typeof namespace === "string" && namespace !== "" ? namespace : undefined;
}

function secretsOf(
  { hook, token, url, envToken, envUrl, files }: HookGrant,
  application: string,
  namespace: string,
): readonly ManifestObject[] {
  const secret = (name: string, texts: Readonly<Record<string, string>>): ManifestObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "Opaque",
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(text)])),
  });
  const words = { [keyOf(envToken)]: token, [keyOf(envUrl)]: url };
  const tokens = secret(tokenSecretName(application, hook), words);
  if (files === undefined) return [tokens];
  const { bundle, certificate, key } = files;
  const texts = { "ca-bundle.pem": bundle, "cert.pem": certificate, "key.pem": key };
  return [tokens, secret(filesSecretName(application, hook), texts)];
}

function keyOf(variable: string): string {
  return variable.toLowerCase();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

type Named = Facts & { readonly name: string };

interface Additions {
  readonly env: readonly Named[];
  readonly volumes: readonly Named[];
  readonly volumeMounts: readonly (Named & { readonly mountPath: string })[];
}

function volumesOf({ hook, files }: HookGrant, application: string): readonly Named[] {
  if (files === undefined) return [];
  return [{ name: volumeName(hook), secret: { secretName: filesSecretName(application, hook) } }];
}

function mountsOf({ hook, files }: HookGrant): Additions["volumeMounts"] {
  if (files === undefined) return [];
  return [{ name: volumeName(hook), mountPath: files.folder, readOnly: true }];
}

function variablesOf({ hook, envToken, envUrl }: HookGrant, application: string): readonly Named[] {
  const secret = tokenSecretName(application, hook);
  return [envToken, envUrl].map((name) => ({
    name,
    valueFrom: { secretKeyRef: { name: secret, key: keyOf(name) } },
  }));
}

function withAdditions(spec: Facts, { env, volumes, volumeMounts }: Additions): Facts {
  const changed: Record<string, unknown> = { ...spec, ...besides(spec, "volumes", volumes) };
  for (const list of ["initContainers", "containers"]) {
    const containers = spec[list];
    if (!Array.isArray(containers)) continue;
    changed[list] = containers.map((container: unknown) => {
      if (!isFacts(container)) return container;
      const known = new Set(listOf(container["env"]).map(({ name }) => name));
      const added = env.filter(({ name }) => !known.has(name));
      // In front, because variables may refer to those before them.
      const variables = { env: [...added, ...elements(container["env"])] };
      return { ...container, ...variables, ...besides(container, "volumeMounts", volumeMounts) };
    });
  }
  return changed;
}

/** A list with elements behind those that it has; nothing when there are none to be put there. */
function besides(holder: Facts, list: "volumes" | "volumeMounts", added: readonly Named[]): Facts {
  const key = list === "volumes" ? "name" : "mountPath";
  const text = (element: Facts): unknown => {
    const value = element[key];
    return typeof value === "string" ? value.replace(/(?<=[^/])\/+$/, "") : value;
  };
  const known = new Set(listOf(holder[list]).map(text));
  const missing = added.filter((element) => !known.has(text(element)));
  return missing.length === 0 ? {} : { [list]: [...elements(holder[list]), ...missing] };
}

function elements(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? (list as readonly unknown[]) : [];
}
