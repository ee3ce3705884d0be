import { expect, test } from "vitest";
import { etcdHosts } from "./etcd-url.ts";

test("an etcd URL names hosts, with the usual port where it names none", () => {
  expect(etcdHosts("etcd://h1:1,h2,10.0.0.1:3,[::1]:4,[::1]/")).toEqual([
    "h1:1",
    "h2:2379",
    "10.0.0.1:3",
    "[::1]:4",
    "[::1]:2379",
  ]);
});
