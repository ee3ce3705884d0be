import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { controlPlaneBinaries } from "../control-plane/build.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/control-plane.ts";
import { Program } from "../program.ts";

it.skipIf(controlPlaneBinaries() === undefined)(
  "the demo runs on two real clusters and leaves nothing behind",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "octoplane-demo-test-"));
    const planes = await Promise.all([startControlPlane(), startControlPlane()]);
    try {
      const args = ["--exit"];
      for (const [index, plane] of planes.entries()) {
        const path = join(folder, `${index}.yaml`);
        await writeFile(path, plane.kubeconfig);
        args.push("--kubeconfig", path);
      }
      await using program = new Program("apps/demo/src/main.ts", args);
      expect(await program.ended(), program.stdout + program.stderr).toBe(0);
      expect(program.stdout).toMatch(/ready Pods at every moment: at least 1/);
      for (const plane of planes) expect(await namespacesOf(plane)).not.toContain("octoplane-demo");
    } finally {
      await Promise.all(planes.map((plane) => plane[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true, force: true });
    }
  },
);

async function namespacesOf(plane: ControlPlane): Promise<string> {
  return JSON.stringify((await plane.call("GET", "/api/v1/namespaces")).body);
}
