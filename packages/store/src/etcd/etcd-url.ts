import { failure } from "@octoplane/shared/errors";

/**
 * The hosts of `etcd://h1:2379,h2:2379`; the port is 2379 when none is given. `Invalid` for
 * anything else.
 */
export function etcdHosts(url: string): readonly string[] {
  const match = /^etcd:\/\/([^/?#@]+)\/?$/.exec(url);
  if (!match) {
    throw failure("Invalid", "an etcd URL is etcd://host:port,host:port and nothing more");
  }
  return match[1]!.split(",").map((host) => {
    if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)) {
      throw failure("Invalid", `"${host}" in the etcd URL is not a host with a port`);
    }
    return /:\d+$/.test(host) && !host.endsWith("]") ? host : `${host}:2379`;
  });
}
