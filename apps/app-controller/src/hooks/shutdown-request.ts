import { lookup, type LookupAddress, type LookupOptions } from "node:dns";
import { BlockList, isIP } from "node:net";
import { Agent, request } from "undici";
import { linkedAbort } from "@octoplane/shared/abort";
import type { Clock } from "@octoplane/shared/clock";
import { messageOf } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";

/** Where an application listens for the request to get ready. */
export interface ShutdownTarget {
  /** `host:port` of its Service. */
  readonly address: string;
  /** The host of its cluster's API server, which is spoken to anyway. */
  readonly clusterHost: string;
}

/**
 * Asks an application to get ready (contract section 6.8): `PUT http://<address>/shutdown`, without a body and without
 * credentials. One request within a time limit; a redirect is no answer. Gives what was wrong, or nothing.
 */
export async function requestShutdown(
  { address, clusterHost }: ShutdownTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = URL.parse(`http://${address}/shutdown`);
  if (url === null || url.host === "") return `${address} is no address`;
  const host = bareHost(url.hostname);
  const isOfCluster = host === bareHost(clusterHost);
  if (!isOfCluster && isIP(host) !== 0 && !mayBeService(host)) return notOfService(address);
  const ms = limits.shutdownRequestMs;
  const agent = new Agent({
    connect: { timeout: ms, ...(isOfCluster ? {} : { lookup: serviceLookup }) },
  });
  const { controller, release } = linkedAbort(signal, { clock, ms });
  try {
    const answer = await request(url, {
      method: "PUT",
      dispatcher: agent,
      signal: controller.signal,
    });
    await answer.body.dump({ limit: 0 });
    const { statusCode: status } = answer;
    return status >= 200 && status < 300 ? undefined : `${address} answered ${status}`;
  } catch (error) {
    if (signal.aborted) throw error;
    return `${address}: ${messageOf(controller.signal.aborted ? controller.signal.reason : error)}`;
  } finally {
    release();
    await agent.destroy();
  }
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}

function notOfService(address: string): string {
  return `${address} cannot be the address of a Service`;
}

/** What a cluster says is the address of a load balancer must not lead to this machine or to the metadata of its cloud. */
function mayBeService(address: string): boolean {
  return !ownAddresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** IANA's special-purpose addresses (RFC 6890) of which none is ever a load balancer's. */
const ownAddresses = new BlockList();
ownAddresses.addSubnet("0.0.0.0", 8, "ipv4");
ownAddresses.addSubnet("127.0.0.0", 8, "ipv4");
ownAddresses.addSubnet("169.254.0.0", 16, "ipv4");
ownAddresses.addSubnet("224.0.0.0", 3, "ipv4");
ownAddresses.addSubnet("::", 127, "ipv6");
ownAddresses.addSubnet("fe80::", 10, "ipv6");
ownAddresses.addSubnet("ff00::", 8, "ipv6");
// Amazon's metadata over IPv6.
ownAddresses.addSubnet("fd00:ec2::", 32, "ipv6");

type Done = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** The connection goes to the very address that was checked. */
function serviceLookup(host: string, options: LookupOptions, done: Done): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error) return done(error, []);
    const allowed = found.filter(({ address }) => mayBeService(address));
    const [first] = allowed;
    if (!first) return done(new Error(notOfService(host)), []);
    if (options.all === true) done(null, allowed);
    else done(null, first.address, first.family);
  });
}
