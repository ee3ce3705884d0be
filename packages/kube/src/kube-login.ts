import { createSecureContext } from "node:tls";
import { KubeConfig, type Cluster, type User } from "@kubernetes/client-node";
import { messageOf } from "@octoplane/shared/errors";
import { KubeError } from "./kube.ts";

/** How to recognise the server, and how to show who we are. */
export interface ClusterTls {
  readonly rejectUnauthorized: boolean;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/** What a kubeconfig says about reaching a cluster. Holds secrets: never log it. */
export interface KubeLogin {
  /** Scheme, host and port. */
  readonly origin: string;
  /** What stands before `/api`, without a slash at its end: `/k8s/clusters/c-1`, mostly empty. */
  readonly basePath: string;
  readonly defaultNamespace: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ClusterTls;
  readonly proxyUrl: string | undefined;
  /** Texts that must not appear in any message. */
  readonly secrets: readonly string[];
}

/** Fields that would make this process run a program, read a file or call a third party. */
const forbiddenFields = [
  "exec",
  "auth-provider",
  "tokenFile",
  "token-file",
  "client-certificate",
  "client-key",
  "certificate-authority",
];

/**
 * Reads a kubeconfig (a parsed object). What it may contain was checked when it was registered; the
 * dangerous fields are refused here once more, before the library sees them, because it would
 * follow them at once. Throws a KubeError with the reason `InvalidKubeconfig`.
 */
export function readLogin(kubeconfig: unknown): KubeLogin {
  refuseForbidden(kubeconfig);
  const config = new KubeConfig();
  try {
    config.loadFromString(JSON.stringify(kubeconfig));
  } catch (error) {
    throw invalidKubeconfig(messageOf(error));
  }
  const [only, ...others] = config.getContexts();
  const current = config.getCurrentContext();
  if (!current && only && others.length === 0) config.setCurrentContext(only.name);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster) throw invalidKubeconfig("its current context has no cluster");
  const url = URL.parse(cluster.server);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw invalidKubeconfig("the server of its cluster is no http or https URL");
  }
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ""),
    defaultNamespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    headers: headersOf(user),
    tls: tlsOf(cluster, user),
    proxyUrl: proxyOf(cluster),
    secrets: secretsOf(user, cluster),
  };
}

function refuseForbidden(kubeconfig: unknown): void {
  const found = forbiddenFields.find((field) => hasField(kubeconfig, field, 0));
  if (found !== undefined) throw invalidKubeconfig(`the field ${found} is not allowed`);
}

/** Looks for a field with a value in the entries of the lists, two levels below them at most. */
function hasField(value: unknown, field: string, depth: number): boolean {
  if (typeof value !== "object" || value === null || depth > 4) return false;
  return Object.entries(value).some(([key, inner]) =>
    key === field ? Boolean(inner) : hasField(inner, field, depth + 1),
  );
}

function headersOf(user: User | null): Record<string, string> {
  const headers: Record<string, string> = {};
  if (user?.token) headers["authorization"] = `Bearer ${user.token}`;
  else if (user?.username) headers["authorization"] = `Basic ${basicOf(user)}`;
  if (user?.impersonateUser) headers["impersonate-user"] = user.impersonateUser;
  return headers;
}

function basicOf(user: User): string {
  return Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
}

/** Explicit in every point, so that no variable of the environment turns the verification off. */
function tlsOf(cluster: Cluster, user: User | null): ClusterTls {
  const tls = {
    rejectUnauthorized: !cluster.skipTLSVerify,
    ...(cluster.caData ? { ca: Buffer.from(cluster.caData, "base64") } : {}),
    ...(user?.certData ? { cert: Buffer.from(user.certData, "base64") } : {}),
    ...(user?.keyData ? { key: Buffer.from(user.keyData, "base64") } : {}),
    ...(cluster.tlsServerName ? { servername: cluster.tlsServerName } : {}),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw invalidKubeconfig(`its certificates or its key cannot be read (${messageOf(error)})`);
  }
  return tls;
}

function proxyOf(cluster: Cluster): string | undefined {
  if (!cluster.proxyUrl) return undefined;
  if (/^https?:/.test(cluster.proxyUrl)) return cluster.proxyUrl;
  throw invalidKubeconfig("its proxy-url is no http or https URL");
}

function secretsOf(user: User | null, cluster: Cluster): readonly string[] {
  const basic = user?.username ? basicOf(user) : undefined;
  const proxyPassword = URL.parse(cluster.proxyUrl ?? "")?.password;
  const texts = [user?.token, user?.password, user?.keyData, basic, proxyPassword];
  // Shorter texts would tear holes into ordinary words, and no credential worth the name is that
  // short.
  return texts.filter((text) => typeof text === "string").filter((text) => text.length >= 4);
}

function invalidKubeconfig(problem: string): KubeError {
  return new KubeError(`the kubeconfig cannot be used: ${problem}`, {
    status: 0,
    reason: "InvalidKubeconfig",
    retry: false,
  });
}
