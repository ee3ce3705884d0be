import { systemClock } from "@octoplane/shared/clock";
import { silentLog } from "@octoplane/shared/log";
import { expect, test } from "vitest";
import { codeOf } from "./conformance/harness.ts";
import { openStore, type StoreOptions } from "./open.ts";

const parts = { clock: systemClock, log: silentLog };

const refused: readonly (readonly [string, string, StoreOptions])[] = [
  ["an unknown kind of store", "redis://h", {}],
  ["a path that is no URL", "/var/lib/octoplane", {}],
  ["an LMDB URL with a host", "lmdb://var/lib", {}],
  ["an LMDB URL without a directory", "lmdb:///", {}],
  ["an LMDB directory that is badly encoded", "lmdb:///tmp/%zz", {}],
  ["an LMDB store with a password", "lmdb:///tmp/x", { user: "a", password: "b" }],
  ["an etcd URL without a host", "etcd://", {}],
  ["a password in the URL", "etcd://user:secret@h:2379", {}],
  ["an etcd URL with a path", "etcd://h:2379/prefix", {}],
  ["an empty host", "etcd://h1:2379,", {}],
  ["a user without a password", "etcd://h", { user: "a" }],
  ["a certificate without its key", "etcd://h", { ca: "x", cert: "x" }],
  ["a certificate without the authority", "etcd://h", { cert: "x", key: "x" }],
];

for (const [name, url, options] of refused) {
  test(`${name} is Invalid`, async () => {
    expect(await codeOf(openStore(url, options, parts))).toBe("Invalid");
  });
}
