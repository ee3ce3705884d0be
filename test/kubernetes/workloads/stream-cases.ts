import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applications } from "../../e2e/field.ts";
import { echo } from "../../e2e/manifests.ts";
import { runRok, serverVariables } from "../../e2e/rok-run.ts";
import { collect, follow, openSocket } from "../../e2e/streams-field.ts";
import { waitFor } from "../../wait-for.ts";
import type { RealField } from "./real-field.ts";

export function streamCases(field: () => RealField): void {
  let app: string;
  let pods: readonly string[];
  beforeAll(async () => {
    app = await field().deploy(echo("front", { replicas: 2 }));
    await field().untilRunning(app);
    pods = (await field().list(app, "pods")).map(({ name }) => name);
  });
  afterAll(async () => await field().remove(app));

  const server = () => ({
    address: field().octoplane.address,
    tokenOf: () => field().octoplane.adminToken,
  });

  it("the logs of two Pods are merged and followed", async () => {
    expect(pods).toHaveLength(2);
    const logs = await follow(server(), `${applications}/${app}/logs?follow=true&tail=0`);
    await waitFor("a line of each", () => {
      field().plane.writeLog("working");
      return pods.every((pod) => logs.seen().includes(`${pod}/echo working\n`));
    });
    await logs.leave();
    const once = await fetch(`${server().address}${applications}/${app}/logs?tail=1`, {
      headers: { authorization: `Bearer ${server().tokenOf()}` },
    });
    const lines = (await once.text()).trim().split("\n").toSorted();
    expect(lines).toEqual(pods.map((pod) => `${pod}/echo working`).toSorted());
  });

  it("a command runs in a container, and how it ended comes last", async () => {
    const words = ["sh", "-c", "echo hello; echo oh >&2; exit 4"];
    const command = words.map((word) => `command=${encodeURIComponent(word)}`).join("&");
    const path = `${applications}/${app}/exec?pod=${pods[0]}&${command}`;
    const texts = await collect((await openSocket(server(), path)).end!);
    expect(texts).toMatchObject({ 1: "hello\n", 2: "oh\n" });
    // A kubelet says it by NonZeroExitCode, kwok in words.
    expect(JSON.parse(texts[3]!).status).toBe("Failure");
    expect(texts[3]).toContain("exit status 4");
  });

  it("files are copied into a container and out of it", async () => {
    // kwok runs the commands of every container on this machine.
    const folder = await mkdtemp(join(tmpdir(), "octoplane-copied-"));
    try {
      const inside = join(folder, "inside");
      await mkdir(inside);
      const text = "line\n".repeat(200_000);
      await mkdir(join(folder, "data/deep"), { recursive: true });
      await writeFile(join(folder, "data/deep/text"), text);
      const { address, adminToken: token } = field().octoplane;
      const rok = async (line: string) => {
        const variables = serverVariables({ address, token });
        const run = await runRok(line, { folder, variables });
        expect(run, run.err).toMatchObject({ status: 0 });
      };
      const pod = pods[0]!;
      await rok(`kube app cp data ${app}:${pod}${inside}`);
      expect(await readFile(join(inside, "data/deep/text"), "utf8")).toBe(text);
      await rok(`kube app cp ${app}:${pod}${inside}/data back`);
      expect(await readFile(join(folder, "back/deep/text"), "utf8")).toBe(text);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("a port of a Pod is reached", async () => {
    const path = `${applications}/${app}/portforward?pod=${pods[0]}&port=8080`;
    const { end } = await openSocket(server(), path, { protocol: "v4.channel.k8s.io" });
    const request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nthere";
    await end!.send(Buffer.from(`\0${request}`));
    let text = "";
    for await (const message of end!.messages()) {
      text += message.subarray(1).toString("latin1");
      if (text.includes("there")) end!.close();
    }
    expect(text).toContain("HTTP/1.1 200 OK");
  });
}
