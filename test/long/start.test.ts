import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Program } from "../program.ts";
import { Rest } from "../rest.ts";
import { waitFor } from "../wait-for.ts";

const main = "apps/standalone/src/main.ts";

describe("npm start", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "octoplane-start-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const open = async (): Promise<{ program: Program; rest: Rest; address: string }> => {
    const program = new Program(main, ["--data-dir", dataDir, "--listen", "127.0.0.1:0"]);
    const address = await waitFor("the address is the last line", () => {
      return /\n(http:\/\/127\.0\.0\.1:\d+)\n$/.exec(program.stdout)?.[1];
    });
    const token = (await readFile(join(dataDir, "admin.token"), "utf8")).trim();
    return {
      program,
      address,
      rest: new Rest(
        () => address,
        () => token,
      ),
    };
  };

  it("serves, ends cleanly on Ctrl-C, and finds everything again", async () => {
    const first = await open();
    await using _ = first.program;
    expect((await stat(join(dataDir, "admin.token"))).mode & 0o777).toBe(0o600);
    expect(await first.rest.ok("GET", "/me")).toEqual({
      user: "system:admin",
      groups: [],
      roles: ["role:system"],
    });
    await first.rest.ok("POST", "/core/rolebindings", {
      metadata: { name: "kept" },
      users: [],
      roles: [],
    });
    first.program.signal("SIGINT");
    expect(await first.program.ended()).toBe(0);
    expect(first.program.stderr).toBe("");
    const second = await open();
    await using __ = second.program;
    expect((await second.rest.ok("GET", "/core/rolebindings/kept")).metadata.name).toBe("kept");
  });

  it("loses nothing that it acknowledged when it is killed", async () => {
    const first = await open();
    await using _ = first.program;
    await first.rest.ok("POST", "/core/rolebindings", {
      metadata: { name: "kept" },
      users: [],
      roles: [],
    });
    first.program.signal("SIGKILL");
    await first.program.ended();
    const second = await open();
    await using __ = second.program;
    expect((await second.rest.ok("GET", "/core/rolebindings/kept")).metadata.name).toBe("kept");
  });

  it("refuses a second process on the same data, and says who has it", async () => {
    const first = await open();
    await using _ = first.program;
    await using second = new Program(main, ["--data-dir", dataDir, "--listen", "127.0.0.1:0"]);
    expect(await second.ended()).toBe(1);
    expect(second.stderr).toMatch(/^octoplane: .*process \d+/);
    expect(second.stderr.trim().split("\n")).toHaveLength(1);
    expect((await first.rest.call("GET", "/me")).status).toBe(200);
  });

  it("refuses a flag that it does not know, a port that is taken, and a value of the wrong type", async () => {
    const first = await open();
    await using _ = first.program;
    const other = join(dataDir, "other");
    const taken = first.address.slice("http://".length);
    const cases = [
      { args: ["--listne", "x"], expected: /--listne/ },
      { args: ["--data-dir", other, "--listen", taken], expected: /the port is in use/ },
      { args: ["--data-dir", other, "--listen", "nowhere"], expected: /expected address:port/ },
      { args: ["--scheduler-stickiness", "much"], expected: /expected a number/ },
    ];
    for (const { args, expected } of cases) {
      await using program = new Program(main, args);
      expect(await program.ended()).toBe(1);
      expect(program.stderr).toMatch(expected);
    }
  });
});

describe("a process whose store is away", () => {
  it("says what it waits for, and ends when it is told to", async () => {
    const folder = await mkdtemp(join(tmpdir(), "octoplane-process-"));
    try {
      const key = join(folder, "sealing.key");
      await writeFile(key, Buffer.alloc(32).toString("base64"));
      const args = ["--store", "etcd://127.0.0.1:1", "--sealing-key-file", key];
      await using program = new Program("apps/scheduler/src/main.ts", args);
      await waitFor("it tells that it tries again", () => program.stderr.includes("lists again"));
      program.signal("SIGTERM");
      expect(await program.ended()).toBe(0);
      expect(program.stdout).toBe("");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("npm run demo", () => {
  it("tells the main job and ends with status 0", async () => {
    await using program = new Program("apps/demo/src/main.ts", ["--exit"]);
    expect(await program.ended()).toBe(0);
    expect(program.stderr).toBe("");
    expect(program.stdout).toMatch(/-> berlin +fits +score 0\.790/);
    expect(program.stdout).toMatch(/-> oslo +fits +score 0\.790/);
    expect(program.stdout).toMatch(/MIGRATING +serving from berlin, 1 of 1 Pods ready/);
    expect(program.stdout).toMatch(/ready Pods at every moment: at least 1/);
  });

  it("stays up, says what to type, and cleans up on Ctrl-C", async () => {
    await using program = new Program("apps/demo/src/main.ts", []);
    await waitFor("it says what is next", () => program.stdout.includes("/docs"));
    const address = /(http:\/\/\S+)\/docs/.exec(program.stdout)![1]!;
    expect((await fetch(`${address}/docs/`)).status).toBe(200);
    program.signal("SIGINT");
    expect(await program.ended()).toBe(0);
    expect(program.stdout).toContain("echo-demo is gone");
  });

  it("refuses one kubeconfig, and a file that is none", async () => {
    await using one = new Program("apps/demo/src/main.ts", ["--kubeconfig", "a.yaml"]);
    expect(await one.ended()).toBe(1);
    expect(one.stderr).toMatch(/expected --kubeconfig twice/);
    const args = ["--kubeconfig", "README.md", "--kubeconfig", "README.md"];
    await using none = new Program("apps/demo/src/main.ts", args);
    expect(await none.ended()).toBe(1);
    expect(none.stderr).toMatch(/README\.md/);
  });
});
