import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findAccess, type AccessFlags } from "./find-server.ts";

let folder: string;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-find-"));
  environment = { HOME: join(folder, "home") };
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

function find(flags: AccessFlags = {}, cwd = "work/deep/er") {
  return findAccess(flags, { cwd: join(folder, cwd), environment: (name) => environment[name] });
}

async function putDataDir(path = "work/data"): Promise<void> {
  await put(`${path}/address`, "http://127.0.0.1:4000\n");
  await put(`${path}/admin.token`, "secret\n");
}

test("the data directory of a folder above is found, with its token", async () => {
  await putDataDir();
  expect(await find()).toEqual({
    address: "http://127.0.0.1:4000",
    addressFrom: join(folder, "work/data/address"),
    token: "secret",
    tokenFrom: join(folder, "work/data/admin.token"),
  });
});

test("without anything it is the default address, and no token", async () => {
  expect(await find()).toEqual({ address: "http://127.0.0.1:8080", addressFrom: "the default" });
});

test("flags come before the environment, then a file, then a data directory", async () => {
  await putDataDir();
  await put("home/.config/rok.yaml", "api_url: http://file:1\ntoken: t-file\n");
  expect(await find()).toMatchObject({ address: "http://file:1", token: "t-file" });
  environment["OCTOPLANE_SERVER"] = "http://environment:1";
  environment["OCTOPLANE_TOKEN"] = "t-environment";
  expect(await find()).toMatchObject({ address: "http://environment:1", token: "t-environment" });
  const flags = { server: "http://flag:1", token: "t-flag" };
  expect(await find(flags)).toMatchObject({ address: "http://flag:1", token: "t-flag" });
  expect(await find({ dataDir: "../../data" })).toMatchObject({
    address: "http://127.0.0.1:4000",
    token: "secret",
  });
});

test("a token that was found is never sent to a server from elsewhere", async () => {
  await putDataDir();
  expect((await find({ server: "http://evil:4000" })).token).toBeUndefined();
  expect((await find({ server: "http://localhost:4000/" })).token).toBe("secret");
  await put("home/.config/rok.yaml", "api_url: http://file:1\ntoken: t-file\n");
  expect((await find({ server: "http://evil:1" })).token).toBeUndefined();
  await put("home/.config/rok.yaml", "token: t-file\n");
  expect((await find({ server: "http://other:1" })).token).toBe("t-file");
});

test("a data directory that is named must have a running server", async () => {
  await expect(find({ dataDir: "nothing" })).rejects.toThrow(/no server runs on .*nothing/);
  environment["OCTOPLANE_DATA_DIR"] = join(folder, "nothing");
  await expect(find()).rejects.toMatchObject({ code: "Unavailable" });
});

test("Krake's own file is read, a file of ours beside it comes first", async () => {
  const tls = "tls:\n  enabled: false\n  client_ca: x\n";
  await put("work/krakectl.yaml", `api_url: http://krake:1\nuser: system:admin\n${tls}`);
  expect(await find({}, "work")).toMatchObject({
    address: "http://krake:1",
    namespace: "system:admin",
  });
  await put("work/rok.yaml", "api_url: http://rok:1\ntoken_file: my.token\nnamespace: team\n");
  await put("work/my.token", "t-beside\n");
  const found = await find({}, "work");
  expect(found).toMatchObject({ address: "http://rok:1", token: "t-beside", namespace: "team" });
});

test("what is wrong with a file is named, every key of it", async () => {
  await put("work/x.yaml", "api_uri: http://x\ntoken: 7\ntls: {enabled: 1, ca: x, client_ca: 2}\n");
  await expect(find({ config: "x.yaml" }, "work")).rejects.toMatchObject({
    fields: [
      { message: expect.stringContaining("unknown key api_uri") as string },
      { message: "token: expected text" },
      { message: "tls.enabled: expected a boolean" },
      { message: "unknown key tls.ca" },
      { message: "tls.client_ca: expected a file" },
    ],
  });
});

test("a file that is named must be there", async () => {
  await expect(find({ config: "no.yaml" })).rejects.toThrow(/no\.yaml cannot be read/);
});

test("the block of TLS makes the address one of https, and its files are read beside it", async () => {
  const tls = "tls: {enabled: true, client_ca: ca.pem, client_cert: c.pem, client_key: k.pem}\n";
  await put("work/rok.yaml", `api_url: http://rok:1\ntoken: t\n${tls}`);
  for (const name of ["ca", "c", "k"]) await put(`work/${name}.pem`, name);
  await put("other.pem", "other");
  const all = { ca: "ca", cert: "c", key: "k" };
  expect(await find({}, "work")).toMatchObject({ address: "https://rok:1", token: "t", tls: all });
  expect((await find({ ca: "../other.pem" }, "work")).tls).toEqual({ ...all, ca: "other" });
  const elsewhere = await find({ server: "https://evil:1" }, "work");
  expect([elsewhere.tls, elsewhere.token]).toEqual([undefined, undefined]);
  environment["OCTOPLANE_CA"] = "../other.pem";
  const server = "https://evil:1";
  expect((await find({ server }, "work")).tls).toEqual({ ca: "other" });
  expect((await find({ server: "http://plain:1" }, "work")).tls).toBeUndefined();
  const refused = find({ server: "http://plain:1", ca: "../other.pem" }, "work");
  await expect(refused).rejects.toThrow("--ca is for servers with https");
  await expect(find({ server, ca: "none.pem" }, "work")).rejects.toThrow("none.pem cannot be read");
  await put("work/rok.yaml", "tls: {enabled: true, client_cert: c.pem}\n");
  await expect(find({}, "work")).rejects.toMatchObject({ code: "Invalid" });
});

test("a login is for its server only, after every token that is given and before one that is merely found", async () => {
  await putDataDir();
  const login = {
    server: "http://127.0.0.1:4000",
    context: "",
    issuer: "http://issuer",
    client_id: "rok",
    token: "t-login",
    expires: 1,
  };
  await put("home/.config/octoplane/credentials.json", JSON.stringify({ logins: [login] }));
  expect(await find()).toMatchObject({ token: "t-login", login: { stored: login } });
  expect((await find({ server: "http://127.0.0.1:4001" })).token).toBeUndefined();
  expect((await find({ server: "http://127.0.0.1:4000/" })).token).toBe("t-login");
  await put("home/.config/rok.yaml", "api_url: http://127.0.0.1:4000\ntoken: t-file\n");
  const given = await find();
  expect([given.token, given.login]).toEqual(["t-file", undefined]);
  environment["OCTOPLANE_TOKEN"] = "t-environment";
  expect((await find()).token).toBe("t-environment");
  expect((await find({ token: "t-flag" })).token).toBe("t-flag");
});

test("a context that is named counts before the environment, and nothing else of its file counts", async () => {
  const contexts = "contexts: {a: {api_url: http://a:1, token: t-a}, b: {api_url: http://b:1}}\n";
  await put("work/rok.yaml", `api_url: http://flat:1\ntoken: t-flat\n${contexts}`);
  expect(await find({}, "work")).toMatchObject({ address: "http://flat:1", token: "t-flat" });
  environment["OCTOPLANE_SERVER"] = "http://environment:1";
  environment["OCTOPLANE_TOKEN"] = "t-environment";
  expect(await find({ context: "a" }, "work")).toMatchObject({
    address: "http://a:1",
    addressFrom: `context a of ${join(folder, "work/rok.yaml")}`,
    token: "t-a",
    context: "a",
  });
  environment["OCTOPLANE_CONTEXT"] = "a";
  expect(await find({}, "work")).toMatchObject({ address: "http://environment:1" });
  environment = { HOME: environment["HOME"]!, OCTOPLANE_CONTEXT: "b" };
  const other = await find({}, "work");
  expect([other.address, other.token]).toEqual(["http://b:1", undefined]);
  // The token of a context goes to the server of that context only.
  expect((await find({ context: "a", server: "http://evil:1" }, "work")).token).toBeUndefined();
  await expect(find({ context: "aa" }, "work")).rejects.toThrow("did you mean a?");
});

test("a current context is used, and what is wrong with a context is named with it", async () => {
  const text = "current_context: a\ncontexts:\n  a: {api_url: http://a:1}\n";
  await put("work/rok.yaml", text);
  expect(await find({}, "work")).toMatchObject({ address: "http://a:1", context: "a" });
  await put("work/rok.yaml", `${text}  b: {api_uri: x, tls: {enabled: 1}}\n  c: 7\n`);
  await expect(find({}, "work")).rejects.toMatchObject({
    fields: [
      { message: expect.stringContaining("contexts.b.api_uri (did you mean api_url?)") as string },
      { message: "contexts.b.tls.enabled: expected a boolean" },
      { message: "contexts.c: expected keys and values" },
    ],
  });
  await rm(join(folder, "work/rok.yaml"));
  await expect(find({ context: "a" }, "work")).rejects.toThrow("no config file");
});
