import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyLine, parseKeyRing, sealingKeyId } from "@octoplane/shared/key-ring-text";
import { systemRandom } from "@octoplane/shared/random";
import { runRok, type RokRun } from "../e2e/rok-run.ts";
import { Program } from "../program.ts";
import { Rest, type Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";

const main = "apps/standalone/src/main.ts";
const clusters = "/kubernetes/namespaces/team/clusters";

/** Keys that are rotated as an operator does it: with rok and the files of a server that runs. */
describe("keys of a server that runs", () => {
  let folder: string;
  let dataDir: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "octoplane-keys-"));
    dataDir = join(folder, "data");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = async (env: Readonly<Record<string, string>> = {}) => {
    const args = ["--data-dir", dataDir, "--listen", "127.0.0.1:0", "--key-reload-interval", "0.1"];
    const program = new Program(main, args, env);
    const address = await waitFor("the address is the last line", () => {
      return /\n(http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout)?.[1];
    });
    const readToken = async () => (await readFile(join(dataDir, "admin.token"), "utf8")).trim();
    const token = await readToken();
    return {
      program,
      rest: new Rest(
        () => address,
        () => token,
      ),
      address,
      token,
      readToken,
    };
  };
  const rok = (line: string): Promise<RokRun> => runRok(line, { folder });
  const done = async (line: string): Promise<string> => {
    const { status, out, err } = await rok(line);
    expect([line, status, err]).toEqual([line, 0, ""]);
    return out;
  };
  const create = (rest: Rest, name: string): Promise<Json> =>
    rest.ok("POST", clusters, { metadata: { name }, spec: { kubeconfig: kubeconfigOf(name) } });
  const read = async (rest: Rest, name: string): Promise<unknown> =>
    (await rest.ok("GET", `${clusters}/${name}/kubeconfig`)).users[0].user.token;
  const idsOf = async (file: string): Promise<readonly string[]> =>
    parseKeyRing(await readFile(join(dataDir, file), "utf8"), file).map(sealingKeyId);

  it("are rotated, resealed and pruned without a restart, and everything opens after one", async () => {
    const first = await open();
    await using _ = first.program;
    const { rest } = first;
    await create(rest, "before");
    const [old] = await idsOf("sealing.key");
    await done("key rotate data/sealing.key");
    const [fresh] = await idsOf("sealing.key");
    expect((await stat(join(dataDir, "sealing.key"))).mode & 0o777).toBe(0o600);
    expect(await done("core secrets keys --data-dir data")).toBe(
      `key       state    records\n${fresh}  current  0\n${old}  old      1\n`,
    );
    await create(rest, "between");
    expect([await read(rest, "before"), await read(rest, "between")]).toEqual([
      "t-before",
      "t-between",
    ]);
    const early = await rok("key prune data/sealing.key --data-dir data");
    expect([early.status, early.err]).toEqual([4, expect.stringContaining(`1 with ${old}`)]);
    expect(await done("core secrets reseal --data-dir data")).toMatch(
      /^1 resealed, 1 unchanged, 0 failed\n/,
    );
    await done("key prune data/sealing.key --data-dir data");
    expect(await idsOf("sealing.key")).toEqual([fresh]);
    await waitFor("the server has read the file", async () => {
      const { items } = await rest.ok("GET", "/core/secrets/keys");
      return items.length === 1;
    });
    expect(await read(rest, "before")).toBe("t-before");
    first.program.signal("SIGTERM");
    expect(await first.program.ended()).toBe(0);
    expect(first.program.stderr).toBe("");
    const second = await open();
    await using __ = second.program;
    expect(await read(second.rest, "before")).toBe("t-before");
    expect(await read(second.rest, "between")).toBe("t-between");
  });

  it("that sign tokens are followed by the clock: tokens of a key that goes end, the administrator's is renewed", async () => {
    const { program, rest, address, token, readToken } = await open();
    await using _ = program;
    const { token: mine } = await rest.ok("POST", "/core/tokens", { user: "system:admin" });
    const statusOf = async (bearer: string): Promise<number> => {
      const headers = { authorization: `Bearer ${bearer}` };
      return (await fetch(`${address}/me`, { headers })).status;
    };
    await done("key rotate data/token.key");
    const renewed = await waitFor("a token of the new key", async () => {
      const found = await readToken();
      return found !== token && found;
    });
    expect([await statusOf(mine), await statusOf(token), await statusOf(renewed)]).toEqual([
      200, 200, 200,
    ]);
    await done("key prune --offline data/token.key");
    await waitFor("tokens of the old key have ended", async () => (await statusOf(mine)) === 401);
    expect([await statusOf(token), await statusOf(renewed)]).toEqual([401, 200]);
    expect(program.stderr).toBe("");
  });

  it("whose file is spoilt stay as they are, and that is told once, without what stands there", async () => {
    const { program, rest } = await open();
    await using _ = program;
    await create(rest, "edge");
    await writeFile(join(dataDir, "sealing.key"), "a passphrase of mine\n");
    await waitFor("it is told", () => program.stderr.includes("the old keys stay"));
    await rest.ok("GET", "/core/secrets/keys");
    expect(await read(rest, "edge")).toBe("t-edge");
    expect(program.stderr.trim().split("\n")).toHaveLength(1);
    expect(program.stderr).toContain("sealing.key:1: expected 32 bytes in base64");
    expect(program.stderr).not.toContain("passphrase");
  });

  it("may come by the environment instead, and then no file is made", async () => {
    const [one, other] = [systemRandom.bytes(32), systemRandom.bytes(32)].map(keyLine);
    const names = { sealing: "OCTOPLANE_SEALING_KEY", token: "OCTOPLANE_TOKEN_KEY" };
    const first = await open({ [names.sealing]: one!, [names.token]: other! });
    {
      await using _ = first.program;
      await create(first.rest, "edge");
      expect((await readdir(dataDir)).filter((name) => name.endsWith(".key"))).toEqual([]);
    }
    const second = await open({ [names.sealing]: `${other},${one}`, [names.token]: other! });
    await using __ = second.program;
    expect(await read(second.rest, "edge")).toBe("t-edge");
    expect(second.token).toBe(first.token);
    const wrong = new Program(main, ["--data-dir", join(folder, "x")], { [names.sealing]: "hush" });
    await using ___ = wrong;
    expect(await wrong.ended()).toBe(1);
    expect(wrong.stderr).toBe("octoplane: OCTOPLANE_SEALING_KEY:1: expected 32 bytes in base64\n");
  });
});

function kubeconfigOf(name: string): Json {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name, user: { token: `t-${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}
