import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { coreSuite } from "./krakectl/core-suite.ts";
import { infrastructureSuite } from "./krakectl/infrastructure-suite.ts";
import { KrakeClient } from "./krakectl/krake-client.ts";
import { applicationSuite, clusterSuite } from "./krakectl/kubernetes-suite.ts";
import { openstackSuite } from "./krakectl/openstack-suite.ts";
import { refusalSuite } from "./krakectl/refusal-suite.ts";
import { hasSoftware } from "./software.ts";

describe.runIf(hasSoftware("krakectl"))("Krake's own command line", () => {
  let client: KrakeClient;
  beforeAll(async () => {
    client = await KrakeClient.start();
  });
  afterAll(async () => await client?.[Symbol.asyncDispose]());
  const open = (): KrakeClient => client;

  describe("clusters", () => clusterSuite(open));
  describe("applications", () => applicationSuite(open));
  describe("metrics", () => coreSuite(open));
  describe("infrastructure", () => infrastructureSuite(open));
  describe("OpenStack", () => openstackSuite(open));
  describe("refusals", () => refusalSuite(open));

  it("has no command that was not run here", async () => {
    const commands = await client.commands();
    expect(commands).toHaveLength(62);
    expect(commands.filter((command) => !client.used.has(command))).toEqual([]);
  });
});
