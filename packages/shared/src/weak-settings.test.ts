import { expect, it } from "vitest";
import {
  isLoopback,
  weakAccess,
  weakFiles,
  weakStore,
  type AccessSettings,
} from "./weak-settings.ts";

const sound: AccessSettings = {
  listen: "127.0.0.1:8080",
  authorization: "RBAC",
  tls: { enabled: false },
  authentication: {
    allow_anonymous: false,
    static_users: null,
    cors_origin: null,
    strategy: { static: { enabled: false, name: "system" } },
  },
};

const places = (more: Partial<AccessSettings>): readonly string[] =>
  weakAccess({ ...sound, ...more }).map(({ at }) => at);

it("settings that keep strangers out are passed over", () => {
  expect(weakAccess(sound)).toEqual([]);
  expect(places({ listen: "0.0.0.0:8443", tls: { enabled: true } })).toEqual([]);
  expect(places({ listen: "[::1]:8080" })).toEqual([]);
});

it("each door that stands open is named by its key", () => {
  const { authentication } = sound;
  expect(places({ authorization: "always-allow" })).toEqual(["authorization"]);
  expect(places({ listen: "0.0.0.0:8080" })).toEqual(["tls.enabled"]);
  expect(places({ listen: "[2001:db8::1]:8080" })).toEqual(["tls.enabled"]);
  const open = { allow_anonymous: true, static_users: "users.yaml", cors_origin: "*" };
  expect(places({ authentication: { ...authentication, ...open } })).toEqual([
    "authentication.allow_anonymous",
    "authentication.cors_origin",
    "authentication.static_users",
  ]);
});

it("a user whom everybody is is told of by name, and with pages of other sites", () => {
  const authentication = {
    ...sound.authentication,
    strategy: { static: { enabled: true, name: "boss" } },
  };
  const told = (more: object): readonly (readonly [string, boolean])[] =>
    weakAccess({ ...sound, authentication: { ...authentication, ...more } }).map(
      ({ at, text }) => [at, text.includes("boss")] as const,
    );
  expect(told({})).toEqual([["authentication.strategy.static.enabled", true]]);
  expect(told({ cors_origin: "*" })).toEqual([
    ["authentication.strategy.static.enabled", true],
    ["authentication.cors_origin", true],
  ]);
  // Nobody is anonymous then.
  expect(told({ allow_anonymous: true })).toEqual(told({}));
  const [one] = weakAccess({ ...sound, authentication });
  expect(one?.text).toContain("whoever reaches 127.0.0.1:8080 is boss");
});

it("etcd without TLS is a weakness on another host only", () => {
  const of = (store: string, ca: string | null = null) =>
    weakStore({ store, store_auth: { ca } }).length;
  expect([of("etcd://127.0.0.1:2379,localhost:2380"), of("etcd://[::1]:2379")]).toEqual([0, 0]);
  expect([of("etcd://127.0.0.1:2379,db:2379"), of("etcd://db")]).toEqual([1, 1]);
  expect([of("etcd://db:2379", "ca.pem"), of("lmdb:///var/lib")]).toEqual([0, 0]);
});

it("files that others may use are named with their mode", () => {
  const files = [0o100600, 0o100640, 0o100604].map((mode, index) => ({ path: `${index}`, mode }));
  expect(weakFiles(files).map(({ at, text }) => [at, /mode (\d+)/.exec(text)?.[1]])).toEqual([
    ["1", "640"],
    ["2", "604"],
  ]);
});

it("names that only look like this machine are not taken for it", () => {
  expect(["127.0.0.1", "127.9.9.9", "localhost", "::1"].every(isLoopback)).toBe(true);
  expect(["127.0.0.1.example.org", "localhost.example", "0.0.0.0", ""].some(isLoopback)).toBe(
    false,
  );
});
