import { expect, it } from "vitest";
import { fetchRules, isPublicAddress } from "./fetch-rules.ts";

it.each([
  "10.1.2.3",
  "127.0.0.1",
  "127.8.0.1",
  "0.0.0.0",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "::ffff:10.0.0.1",
  "::ffff:8.8.8.8",
  "fe80::1",
  "fe80::1%eth0",
  "fd00:ec2::254",
  "fc00::1",
  "ff02::1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
  "2001::1",
  "2001:db8::1",
  "",
  "localhost",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1"])(
  "%s is public",
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

it.each<[string, string, boolean]>([
  ["files.internal", "10.0.0.1", true],
  ["FILES.internal.", "10.0.0.1", true],
  ["a.corp.example", "10.0.0.1", true],
  ["corp.example", "10.0.0.1", false],
  ["evilcorp.example", "10.0.0.1", false],
  ["other", "10.0.0.1", false],
  ["other", "192.168.7.9", true],
  ["other", "192.168.8.9", false],
  ["other", "127.0.0.1", true],
  ["other", "127.0.0.2", false],
  ["other", "fd00::5", true],
  ["other", "1.1.1.1", true],
])("%s at %s: %s", (host, address, expected) => {
  const allow = ["files.internal", "*.corp.example", "192.168.7.0/24", "127.0.0.1", "fd00::/8"];
  expect(fetchRules(allow, true).isAllowed(host, address)).toBe(expected);
});

it("may leave out public addresses that nobody has listed", () => {
  const { isAllowed } = fetchRules(["one.one.one.one"], false);
  expect(isAllowed("one.one.one.one", "1.1.1.1")).toBe(true);
  expect(isAllowed("dns.google", "8.8.8.8")).toBe(false);
});

it.each(["10.0.0.0/33", "10.0.0.0/8/8", "http://a", "*", "a b", "", "fd00::/129", "10.0.0.0/x"])(
  "refuses the entry %j, and names it",
  (entry) => {
    expect(() => fetchRules(["a", entry], true)).toThrow("fetch.allow[1]: expected the name");
  },
);
