import { parseListen } from "./listen.ts";

/** What of a set of settings lets people in who should stay out. Pure; the servers, and `rok config`, print it. */

export interface Weakness {
  /** The key, or the file, that it is about. */
  readonly at: string;
  /** What it means, and what to do about it. */
  readonly text: string;
}

/** As much of the API server's settings as matters here. */
export interface AccessSettings {
  readonly listen: string;
  readonly authorization: string;
  readonly tls: { readonly enabled: boolean };
  readonly authentication: {
    readonly allow_anonymous: boolean;
    readonly static_users: string | null;
    readonly cors_origin: string | null;
    readonly strategy: { readonly static: { readonly enabled: boolean; readonly name: string } };
  };
}

export function weakAccess(settings: AccessSettings): readonly Weakness[] {
  const { authorization, authentication, tls, listen } = settings;
  const found: Weakness[] = [];
  const add = (at: string, text: string): void => void found.push({ at, text });
  const { enabled: isStatic, name } = authentication.strategy.static;
  if (isStatic) {
    add(
      "authentication.strategy.static.enabled",
      `whoever reaches ${listen} is ${name}, without any proof: this is for trials on one machine; give people ` +
        "certificates or tokens",
    );
  } else if (authentication.allow_anonymous) {
    add(
      "authentication.allow_anonymous",
      "anonymous access is on: whoever reaches the server may do what system:anonymous may",
    );
  }
  if (authorization === "always-allow") {
    add("authorization", "authorization is off: everyone may do everything; RBAC asks the roles");
  }
  if (authentication.cors_origin === "*") {
    add(
      "authentication.cors_origin",
      `pages of any site may call the server${isStatic ? ` as ${name}` : ""}; name the origin of yours, or leave it out`,
    );
  }
  if (!tls.enabled && !isLoopback(hostOf(listen))) {
    add("tls.enabled", `credentials go to ${listen} in clear text; switch TLS on`);
  }
  if (authentication.static_users !== null) {
    add(
      "authentication.static_users",
      "tokens of the users in this file never expire; for people, certificates or an issuer of OpenID Connect do better",
    );
  }
  return found;
}

export interface StoreSettings {
  readonly store: string;
  /** The authority of etcd's certificates; with it, TLS is spoken. */
  readonly store_auth: { readonly ca: string | null };
}

export function weakStore({ store, store_auth: auth }: StoreSettings): readonly Weakness[] {
  const hosts = /^etcd:\/\/(.*)$/.exec(store)?.[1]?.split(",") ?? [];
  const away = hosts.map(hostOf).filter((host) => !isLoopback(host));
  if (away.length === 0 || auth.ca !== null) return [];
  const text = `everything goes to etcd on ${away.join(", ")} in clear text, and anybody there may change it; use TLS (store_auth)`;
  return [{ at: "store", text }];
}

/** A file that holds a secret, and its mode. */
export interface SecretFile {
  readonly path: string;
  readonly mode: number;
}

export function weakFiles(files: readonly SecretFile[]): readonly Weakness[] {
  return files
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => ({
      at: path,
      text: `others than its owner may use it (mode ${(mode & 0o777).toString(8)}); chmod 600`,
    }));
}

/** The names and addresses of this machine that nobody else reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function hostOf(text: string): string {
  const withPort = parseListen(text);
  return withPort ? withPort.host : text.replace(/^\[(.*)\]$/, "$1");
}
