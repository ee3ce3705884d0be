import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { krakeFileOf } from "@octoplane/shared/krake-settings/krake-keys";
import { keyLine } from "@octoplane/shared/key-ring-text";
import { systemRandom } from "@octoplane/shared/random";
import { hasEtcd, startEtcd, type EtcdServer } from "../conformance/etcd-server.ts";
import { Program } from "../program.ts";
import { waitFor } from "../wait-for.ts";
import { krakeFiles } from "./krake-files.ts";

/** Every process starts from the file that Krake's generator writes for it, found where Krake looks for it. */
const apps = Object.keys(krakeFileOf);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "octoplane-krake-settings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

const main = (app: string): string => `apps/${app}/src/main.ts`;

describe("the settings of Krake", () => {
  it("do for every process as they are, and what has no effect is told", async () => {
    await put(krakeFiles());
    for (const app of apps) {
      await using program = new Program(main(app), ["--check-config"], {}, folder);
      expect([app, await program.ended(), program.stderr]).toEqual([app, 0, ""]);
      expect(program.stdout).toContain(`${krakeFileOf[app]}: the settings do`);
      expect(program.stdout).toContain("one line of JSON for each event");
      const asks = program.stdout.includes("store: etcd://HOST:PORT");
      expect([app, asks]).toEqual([app, app !== "api"]);
    }
  });

  it("of processes that do not exist are refused by name, as are those of another process", async () => {
    await put(krakeFiles());
    const told = async (app: string, ...args: readonly string[]): Promise<string> => {
      await using program = new Program(main(app), args, {}, folder);
      expect(await program.ended()).toBe(1);
      return program.stderr;
    };
    expect(await told("scheduler", "-c", "magnum.yaml")).toContain("no such processes here yet");
    expect(await told("gc", "-c", "api.yaml")).toContain("a key of Krake's api.yaml");
  });
});

describe.runIf(hasEtcd())("processes started from Krake's settings", () => {
  let etcd: EtcdServer;
  beforeAll(async () => {
    etcd = await startEtcd({ fsync: false });
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  it("come up, each over the store, and the API listens where Krake's would", async () => {
    const etcdPort = Number(etcd.hosts[0]!.split(":").at(-1));
    const key = (): string => `${keyLine(systemRandom.bytes(32))}\n`;
    await put({
      ...krakeFiles({ etcdPort, apiPort: 0 }),
      "sealing.key": key(),
      "token.key": key(),
    });
    await using stack = new AsyncDisposableStack();
    const programs = apps.map((app) =>
      stack.use(
        new Program(main(app), [], app === "api" ? {} : { OCTOPLANE_STORE: etcd.url }, folder),
      ),
    );
    for (const [index, program] of programs.entries()) {
      await waitFor(`${apps[index]} is up: ${program.stderr}`, async () =>
        program.stdout.includes('"address"'),
      );
    }
    const { address } = JSON.parse(programs[0]!.stdout) as { address: string };
    expect(address).toMatch(/^http:\/\/(?:localhost|127\.0\.0\.1):\d+$/);
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    expect(programs[0]!.stderr).toContain("authorization is off");
    for (const [index, program] of programs.slice(1).entries()) {
      // The one that has a use for it tells applications where the API is.
      const isUsed = apps[index + 1] === "app-controller";
      expect(program.stderr.includes('"keys":["api_endpoint"]')).toBe(!isUsed);
    }
  });

  it("with the static strategy, who sends nothing is that user, and that is warned of", async () => {
    const etcdPort = Number(etcd.hosts[0]!.split(":").at(-1));
    const key = (): string => `${keyLine(systemRandom.bytes(32))}\n`;
    await put({
      ...krakeFiles({ etcdPort, apiPort: 0, authorization: "RBAC", staticUser: true }),
      "sealing.key": key(),
      "token.key": key(),
    });
    await using check = new Program(main("api"), ["--check-config"], {}, folder);
    expect([await check.ended(), check.stderr]).toEqual([0, ""]);
    const warning =
      /authentication\.strategy\.static\.enabled.*whoever reaches \S+ is system:admin/;
    expect(check.stdout).toMatch(warning);

    await using api = new Program(main("api"), [], {}, folder);
    await waitFor("the API is up", () => api.stdout.includes('"address"'), {
      seen: () => api.stderr,
    });
    expect(api.stderr).toMatch(warning);
    const { address } = JSON.parse(api.stdout) as { address: string };
    const me = await fetch(`${address}/me`);
    expect([me.status, await me.json()]).toMatchObject([200, { user: "system:admin" }]);
    // RBAC asks for the roles of that user, who is the administrator in Krake's templates.
    expect((await fetch(`${address}/core/roles`)).status).toBe(200);
    const wrong = await fetch(`${address}/me`, { headers: { authorization: "wrong" } });
    expect(wrong.status).toBe(401);
  });
});
