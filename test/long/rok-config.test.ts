import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { krakeFileOf } from "@octoplane/shared/krake-settings/krake-keys";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";
import { freePort } from "../free-port.ts";
import { Program } from "../program.ts";
import { waitFor } from "../wait-for.ts";
import { krakeFiles } from "./krake-files.ts";
import { runRok } from "../e2e/rok-run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fresh(name: string): Promise<string> {
  const made = join(folder, name);
  await mkdir(made);
  return made;
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe.runIf(hasEtcd())("a generated folder", () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd({ fsync: false });
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  /** Every process from the folder, told nothing but where it is; then `rok` there. */
  async function startAll(at: string): Promise<AsyncDisposableStack> {
    const stack = new AsyncDisposableStack();
    for (const app of Object.keys(krakeFileOf)) {
      const program = stack.use(new Program(`apps/${app}/src/main.ts`, [], {}, at));
      await waitFor(`${app} is up`, () => program.stdout.includes('"address"'), {
        seen: () => program.stderr,
      });
    }
    return stack;
  }

  it.each([[[] as string[]], [["--tls", "--host", "localhost"]]])(
    "starts every process as it is, and its rok is the administrator (%j)",
    async (flags) => {
      const at = await fresh(`set${flags.length}`);
      const port = String(await freePort());
      const line = ["config", "generate", ".", "--etcd", etcd.url, "--port", port, ...flags];
      const made = await runRok(line, { folder: at });
      expect([made.status, made.err.includes("authorization")]).toEqual([exitStatus.ok, false]);
      await using _running = await startAll(at);
      const me = await runRok(["whoami", "-o", "json"], { folder: at });
      expect([me.err, me.status]).toEqual(["", exitStatus.ok]);
      const { user, server } = JSON.parse(me.out) as { user: string; server: string };
      const scheme = flags.length > 0 ? "https://localhost" : "http://127.0.0.1";
      expect([user, server]).toEqual(["system:admin", `${scheme}:${port}`]);
      const roles = await runRok(["core", "role", "list"], { folder: at });
      expect(roles.out).toContain("role:system");
      const view = await runRok(["config", "view"], { folder: at });
      expect(view.out).toContain(`${scheme}:${port}`);
      expect(view.out).not.toContain((await readFile(join(at, "token.key"), "utf8")).trim());
    },
  );

  it("takes over what Krake's files say", async () => {
    const krake = await fresh("krake");
    const etcdPort = Number(etcd.hosts[0]!.split(":").at(-1));
    const apiPort = await freePort();
    const texts = krakeFiles({ etcdPort, apiPort, staticUser: true });
    for (const [name, text] of Object.entries(texts)) await writeFile(join(krake, name), text);
    const at = await fresh("taken");
    const made = await runRok(["config", "generate", ".", "--from", krake], { folder: at });
    expect([made.status, made.out]).toEqual([exitStatus.ok, expect.stringContaining("api.yaml")]);
    expect(made.err).toContain("weak: authorization: authorization is off");
    expect(made.err).toContain("static.enabled: not taken over");
    expect(made.err).not.toContain("weak: authentication.strategy.static");
    expect(await readFile(join(at, "scheduler.yaml"), "utf8")).toContain("stickiness: 0.1");
    await using _running = await startAll(at);
    const me = await runRok(["whoami", "-o", "json"], { folder: at });
    expect([me.err, me.status]).toEqual(["", exitStatus.ok]);
    expect(me.out).toContain("system:admin");
    expect((await fetch(`http://localhost:${apiPort}/me`)).status).toBe(401);
  });
});

describe("what is generated", () => {
  it("overwrites nothing unless it is told to, and no key ever; secrets are for their owner", async () => {
    const at = await fresh("twice");
    expect((await runRok(["config", "generate", "."], { folder: at })).status).toBe(exitStatus.ok);
    const secrets = ["sealing.key", "token.key", "admin.token", "users.yaml", "rok.yaml"];
    for (const name of secrets) expect([name, await modeOf(join(at, name))]).toEqual([name, 0o600]);
    const key = await readFile(join(at, "sealing.key"), "utf8");
    const again = await runRok(["config", "generate", "."], { folder: at });
    expect(again.status).toBe(exitStatus.refused);
    expect(again.err).toContain("sealing.key");
    const forced = ["config", "generate", ".", "--force", "--tls", "--host", "other.example"];
    expect((await runRok(forced, { folder: at })).status).toBe(exitStatus.ok);
    expect(await readFile(join(at, "sealing.key"), "utf8")).toBe(key);
    const shown = await runRok(["pki", "show", "pki/api.crt"], { folder: at });
    expect(shown.out).toContain("DNS:other.example");
  });

  it("is audited: what lets people in is told, with exit status 1", async () => {
    const at = await fresh("audit");
    await runRok(["config", "generate", ".", "--tls"], { folder: at });
    expect(await runRok(["config", "audit"], { folder: at })).toMatchObject({
      status: exitStatus.ok,
      out: "nothing was found\n",
    });
    await chmod(join(at, "token.key"), 0o644);
    const open = "listen: 0.0.0.0:80\nauthorization: always-allow\nstore: etcd://db:2379\n";
    await writeFile(join(at, "api.yaml"), `${open}authentication: {cors-origin: "*"}\n`);
    const found = await runRok(["config", "audit", "-o", "json"], { folder: at });
    expect(found.status).toBe(exitStatus.failed);
    expect((JSON.parse(found.out) as { at: string }[]).map(({ at: key }) => key)).toEqual([
      "authorization",
      "authentication.cors_origin",
      "tls.enabled",
      "store",
      join(at, "token.key"),
    ]);
    await writeFile(join(at, "api.yaml"), krakeFiles({ staticUser: true })["api.yaml"]!);
    const krakes = await runRok(["config", "audit", "api.yaml"], { folder: at });
    const told =
      "authentication.strategy.static.enabled: whoever reaches localhost:8080 is system:admin";
    expect(krakes.out).toContain(told);
    await writeFile(
      join(at, "api.yaml"),
      "authentication: {strategy: {static: {enabled: true}}}\n",
    );
    const ours = await runRok(["config", "audit", "api.yaml"], { folder: at });
    expect(ours.out).toContain("whoever reaches 127.0.0.1:8080 is system,");
  });

  it("asks for what makes sense", async () => {
    const at = await fresh("senses");
    const status = async (...args: readonly string[]): Promise<number> =>
      (await runRok(["config", "generate", "x", ...args], { folder: at })).status;
    expect(await status("--authorization", "rbac")).toBe(exitStatus.usage);
    expect(await status("--etcd", "ftp://x")).toBe(exitStatus.usage);
    expect(await status("--port", "99999")).toBe(exitStatus.usage);
    expect(await status("--host", "a b")).toBe(exitStatus.refused);
    expect(await status("--from", "nowhere")).toBe(exitStatus.refused);
    await expect(stat(join(at, "x"))).rejects.toThrow("ENOENT");
  });
});

describe("contexts", () => {
  it("are made, chosen, shown and taken away, and nothing of one is used for another", async () => {
    const at = await fresh("contexts");
    await writeFile(join(at, "prod.token"), "secret-prod\n");
    const rok = (line: string, variables = {}) => runRok(line, { folder: at, variables });
    await rok("config set prod --server http://prod.example --token-file prod.token -n team");
    const file = join(at, ".config/rok.yaml");
    expect(await modeOf(file)).toBe(0o600);
    await rok("config set dev --server http://127.0.0.1:9");
    expect((await rok("config use production")).err).toContain("(known: prod, dev)");
    expect((await rok("config use prod")).status).toBe(exitStatus.ok);

    const view = async (line: string, variables = {}) =>
      JSON.parse((await rok(`${line} -o json`, variables)).out) as Record<
        string,
        { value: string }
      >;
    const one = await view("config view");
    expect([one["server"]!.value, one["token"]!.value, one["namespace"]!.value]).toEqual([
      "http://prod.example",
      "REDACTED",
      "team",
    ]);
    const other = await view("config view", { OCTOPLANE_CONTEXT: "dev" });
    expect([other["server"]!.value, other["token"]!.value]).toEqual(["http://127.0.0.1:9", ""]);
    const flagged = await view("config view --context dev", { OCTOPLANE_SERVER: "http://env:1" });
    expect(flagged["server"]!.value).toBe("http://127.0.0.1:9");

    const listed = await rok("config contexts");
    expect(listed.out).toMatch(/\*\s+prod\s+http:\/\/prod\.example\s+team\s+token file/);
    expect((await rok("config delete prod")).err).toContain("rok config use");
    expect((await rok("config contexts")).out).not.toContain("prod");
    expect((await rok("version --context prod")).err).toContain("has no context prod");
  });

  it("leave the comments of a file where they are, and Krake's own file alone", async () => {
    const at = await fresh("comments");
    const text = "# of the whole team\napi_url: http://flat:1 # do not touch\n";
    await writeFile(join(at, "rok.yaml"), text);
    await runRok(["config", "set", "x", "--server", "http://x:1"], { folder: at });
    expect(await readFile(join(at, "rok.yaml"), "utf8")).toContain(text);
    // What would not do afterwards is not written.
    const half = await runRok(["config", "set", "x", "--cert", "x.crt"], { folder: at });
    expect([half.status, half.err.includes("client_key")]).toEqual([exitStatus.refused, true]);
    await rm(join(at, "rok.yaml"));
    await writeFile(join(at, "krakectl.yaml"), "api_url: http://krake:1\n");
    const refused = await runRok(["config", "set", "x", "--server", "http://x:1"], { folder: at });
    expect(refused.err).toContain("Krake's own");
  });
});
