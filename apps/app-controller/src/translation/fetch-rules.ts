import { BlockList, isIP } from "node:net";
import { invalid } from "@octoplane/shared/errors";

/**
 * Which addresses may be fetched from for a user: public ones, and what the operator has listed. Everything that only this
 * process can reach (private networks, this machine, the metadata of a cloud) would be reached with our rights, not with the
 * user's.
 */
export interface FetchRules {
  /** True when an address may be connected to for a host of this name. */
  readonly isAllowed: (host: string, address: string) => boolean;
}

/**
 * The rules of a configuration. `allow` holds names of hosts (also `*.suffix`), addresses, and networks (`10.0.0.0/8`); with
 * `isPublic` every public address is allowed as well. `Invalid` for an entry that is none of these.
 */
export function fetchRules(allow: readonly string[], isPublic: boolean): FetchRules {
  const networks = new BlockList();
  const hosts: string[] = [];
  const problems = allow.flatMap((entry, index) => {
    if (addNetwork(networks, entry)) return [];
    if (/^(?:\*\.)?[a-z\d_](?:[a-z\d._-]*[a-z\d])?$/i.test(entry)) {
      hosts.push(entry.toLowerCase());
      return [];
    }
    const message = "expected the name of a host, *.suffix, an address or a network";
    return [{ field: `fetch.allow[${index}]`, message }];
  });
  if (problems.length > 0) throw invalid(problems);
  return {
    isAllowed: (host, address) =>
      hosts.some((pattern) => matches(pattern, host.toLowerCase().replace(/\.$/, ""))) ||
      contains(networks, address) ||
      (isPublic && isPublicAddress(address)),
  };
}

function addNetwork(networks: BlockList, entry: string): boolean {
  const [address = "", bits, ...others] = entry.split("/");
  const family = isIP(address);
  if (family === 0 || others.length > 0) return false;
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity;
  if (prefix > most) return false;
  networks.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
  return true;
}

function contains(networks: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && networks.check(address, family === 6 ? "ipv6" : "ipv4");
}

function matches(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}

/** False for what is not routed on the internet, and for what wraps another address. Pure. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special4.check(address, "ipv4");
  if (family !== 6 || address.includes("%")) return false;
  return globalUnicast.check(address, "ipv6") && !special6.check(address, "ipv6");
}

/** IANA's registry of special-purpose addresses of IPv4 (RFC 6890), with multicast and what is reserved. */
const special4 = listOf("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
]);

/** Of IPv6 only this is routed (RFC 4291): loopback, link-local, unique-local, mapped and NAT64 addresses lie outside. */
const globalUnicast = listOf("ipv6", [["2000::", 3]]);

/** And of that, these are not hosts of the internet, or hold an address of IPv4 (Teredo, 6to4). */
const special6 = listOf("ipv6", [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]);

function listOf(
  family: "ipv4" | "ipv6",
  networks: readonly (readonly [string, number])[],
): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, family);
  return list;
}
