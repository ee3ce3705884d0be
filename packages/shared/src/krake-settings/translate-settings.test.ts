import { expect, it } from "vitest";
import fc from "fast-check";
import { krakeKeys, type KrakeFile } from "./krake-keys.ts";
import { isKrakes, translateSettings, type TranslateOptions } from "./translate-settings.ts";

function translate(
  file: KrakeFile,
  values: Readonly<Record<string, unknown>>,
  more: Partial<TranslateOptions> = {},
) {
  return translateSettings(values, {
    file,
    isOwn: (path) => ["store", "sealing_key_file"].includes(path),
    ownNames: ["store", "sealing_key_file"],
    isGiven: () => false,
    ...more,
  });
}

it("host and port become one address, those of etcd another", () => {
  const { settings, problems } = translate("api.yaml", {
    host: "0.0.0.0",
    port: "8443",
    etcd: { host: "::1", port: 2380 },
  });
  expect([settings, problems]).toEqual([
    { listen: "0.0.0.0:8443", store: "etcd://[::1]:2380" },
    [],
  ]);
  const alone = translate("api.yaml", { port: 8081, etcd: { host: "db" } });
  expect(alone.settings).toEqual({ listen: "127.0.0.1:8081", store: "etcd://db:2379" });
  expect(alone.notes[0]).toMatchObject({ keys: ["port"] });
});

it("values are taken as Krake's readers take them, and wrong ones are named", () => {
  const { settings, problems } = translate("api.yaml", {
    tls: { enabled: "yes", cert: 7, client_ca: null },
    authentication: {
      allow_anonymous: "off",
      strategy: { keystone: { enabled: true, endpoint: "http://k:5000/v3/" } },
    },
    log: { level: "warning" },
  });
  expect(settings).toEqual({
    tls: { enabled: true },
    authentication: {
      allow_anonymous: false,
      strategy: { keystone: { enabled: true, endpoint: "http://k:5000/v3" } },
    },
    log_level: "warn",
  });
  expect(problems).toEqual([{ field: "tls.cert", message: "expected text" }]);
});

it("certificates of hooks are made unless the file switches TLS off", () => {
  const complete = { intermediate_src: "s.pem", cert_dest: "/etc/krake_cert" };
  const hooks = { complete: { ...complete, env_token: "T" } };
  const of = (tls: object) => translate("kubernetes_application.yaml", { hooks, ...tls });
  for (const tls of [{}, { tls: { enabled: "yes" } }]) {
    expect(of(tls).settings).toEqual({ hooks });
  }
  const { settings, notes } = of({ tls: { enabled: false } });
  expect(settings).toEqual({ hooks: { complete: { env_token: "T" } } });
  expect(notes).toContainEqual({
    keys: ["hooks.complete.intermediate_src", "hooks.complete.cert_dest"],
    text: "certificates for hooks are made only where `tls.enabled` is not false",
    isImportant: false,
  });
});

it("the static strategy is taken over with its name, on or off", () => {
  const of = (enabled: unknown) =>
    translate("api.yaml", {
      authentication: { strategy: { static: { enabled, name: "system:admin" } } },
    });
  for (const [given, enabled] of [
    [true, true],
    ["yes", true],
    ["off", false],
  ]) {
    const { settings, problems, notes } = of(given);
    const expected = {
      authentication: { strategy: { static: { enabled, name: "system:admin" } } },
    };
    expect([settings, problems, notes]).toEqual([expected, [], []]);
  }
  expect(of("perhaps").problems).toEqual([
    { field: "authentication.strategy.static.enabled", message: "expected true or false" },
  ]);
});

it("a controller is told where its store is, unless something else says so", () => {
  const important = (more: Partial<TranslateOptions> = {}, values = {}) =>
    translate("scheduler.yaml", { api_endpoint: "http://localhost:8080", ...values }, more)
      .notes.filter(({ isImportant }) => isImportant)
      .flatMap(({ keys }) => keys);
  expect(important()).toEqual(["api_endpoint"]);
  expect(important({ isGiven: (path) => path === "store" })).toEqual([]);
  expect(important({}, { store: "etcd://db:2379" })).toEqual([]);
});

it("our own keys may stand beside Krake's and win over them", () => {
  const { settings, notes } = translate("api.yaml", {
    etcd: { host: "db" },
    store: "etcd://other:2379",
  });
  expect(settings).toEqual({ store: "etcd://other:2379" });
  expect(notes).toMatchObject([{ keys: ["etcd"] }]);
});

it("keys that are unknown are errors with the nearest one, or with the file that they are from", () => {
  expect(translate("api.yaml", { etcd: { hots: "x" }, prot: 1, migration: {} }).problems).toEqual([
    { field: "etcd.hots", message: "unknown key (did you mean host?)" },
    { field: "prot", message: "unknown key (did you mean port?)" },
    {
      field: "migration",
      message: "a key of Krake's kubernetes_application.yaml; this process reads Krake's api.yaml",
    },
  ]);
  expect(
    translate("garbage_collector.yaml", {
      etcd: { host: "x" },
    }).problems,
  ).toMatchObject([
    { field: "etcd", message: expect.stringContaining("Krake's api.yaml") as string },
  ]);
});

it("a key with a dot in it is not taken for one that stands deeper", () => {
  const { settings, problems } = translate("api.yaml", { "etcd.host": "x", port: 1 });
  expect([settings, problems]).toEqual([
    { listen: "127.0.0.1:1" },
    [{ field: "etcd.host", message: "unknown key" }],
  ]);
});

it("the files of processes that do not exist are named for what they are", () => {
  for (const file of ["infrastructure.yaml", "magnum.yaml"] as const) {
    const { problems } = translate(file, { api_endpoint: "http://localhost:8080", tls: 7 });
    expect(problems).toMatchObject([
      { field: "", message: expect.stringContaining("does not exist here yet") as string },
    ]);
  }
});

it("a file is Krake's by its keys, and ours without them", () => {
  expect(isKrakes({ host: "localhost", port: 8080 })).toBe(true);
  expect(isKrakes({ log: { level: "INFO" } })).toBe(true);
  expect(isKrakes({ authentication: { strategy: { static: { enabled: true } } } })).toBe(false);
  expect(isKrakes({ listen: "127.0.0.1:1", tls: { enabled: false }, docs: {} })).toBe(false);
});

it("every key of the table is mapped or noted, and never unknown", () => {
  const sample = { text: "x", number: 1, flag: false, list: [1], any: {} } as const;
  for (const [file, keys] of Object.entries(krakeKeys)) {
    for (const key of keys) {
      const fates = [key.becomes, key.note].filter((fate) => fate !== undefined);
      expect([file, key.path, fates.length]).toEqual([file, key.path, 1]);
      const value = key.path === "log.level" ? "INFO" : sample[key.form];
      const values = key.path
        .split(".")
        .reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
      if (file === "infrastructure.yaml" || file === "magnum.yaml") continue;
      const result = translate(file as KrakeFile, values as Record<string, unknown>);
      expect([key.path, result.problems]).toEqual([key.path, []]);
      const hasEffect = Object.keys(result.settings).length + result.notes.length > 0;
      expect([key.path, hasEffect]).toEqual([key.path, true]);
    }
  }
});

it("anything at all gives a result and no exception, and the input stays as it was", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(krakeKeys)), fc.object(), (file, values) => {
      const before = structuredClone(values);
      const { problems } = translate(file as KrakeFile, {
        ...(values as Record<string, unknown>),
        etcd: values,
      });
      expect(values).toEqual(before);
      expect(Array.isArray(problems)).toBe(true);
    }),
  );
});
