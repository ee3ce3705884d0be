import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import type { Random } from "@octoplane/shared/random";
import type { EtcdCredentials } from "./etcd/etcd-connection.ts";
import type { Store } from "./store.ts";

export interface StoreOptions extends EtcdCredentials {
  /** Revisions kept for watches and pages; `historyRevisionsMax` when absent. */
  readonly historyRevisions?: number;
  /** Time until an idle watch gets a mark of progress; `watchProgressMs` when absent. */
  readonly progressMs?: number;
}

export interface StoreParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
}

/**
 * Opens the store of a URL: `lmdb:///var/lib/octoplane` or `etcd://h1:2379,h2:2379`. Credentials
 * for etcd come as options, never in the URL, which is logged. Loads only the one that is asked
 * for. Errors: `Invalid` for a URL or options that cannot be, `Unavailable` for a directory that
 * another process has.
 */
export async function openStore(
  url: string,
  options: StoreOptions,
  parts: StoreParts,
): Promise<Store> {
  if (url.startsWith("etcd:")) {
    const { etcdHosts } = await import("./etcd/etcd-url.ts");
    const hosts = etcdHosts(url);
    const { openEtcd } = await import("./etcd/etcd-store.ts");
    return openEtcd(hosts, { ...options, ...parts });
  }
  if (url.startsWith("lmdb:")) {
    const directory = lmdbDirectory(url);
    for (const name of ["ca", "cert", "key", "user", "password"] as const) {
      if (options[name] !== undefined) throw failure("Invalid", `an LMDB store takes no ${name}`);
    }
    const { openLmdb } = await import("./lmdb/lmdb-store.ts");
    return openLmdb(directory, { ...options, ...parts });
  }
  throw failure("Invalid", `${schemeOf(url)} is no kind of store; there are lmdb:// and etcd://`);
}

function lmdbDirectory(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed || parsed.host !== "" || parsed.pathname.length < 2 || parsed.search || parsed.hash) {
    throw failure("Invalid", "an LMDB URL is lmdb:///directory, with three slashes");
  }
  try {
    return decodeURIComponent(parsed.pathname);
  } catch (cause) {
    throw failure("Invalid", "the directory of an LMDB URL is badly encoded", { cause });
  }
}

function schemeOf(url: string): string {
  return /^[a-z0-9+.-]+:/i.exec(url)?.[0] ?? "a URL without a scheme";
}
