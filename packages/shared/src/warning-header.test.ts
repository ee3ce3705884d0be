import { expect, it } from "vitest";
import { readWarnings } from "./warning-header.ts";

const utf8AsRead = Buffer.from("größer").toString("latin1");

it.each<[string, string | string[] | undefined, string[]]>([
  ["no header", undefined, []],
  ["one value", '299 - "batch/v1beta1 is deprecated"', ["batch/v1beta1 is deprecated"]],
  ["quotes inside", '299 - "unknown field \\"spec.x\\" \\\\"', ['unknown field "spec.x" \\']],
  ["two values in one header", '299 - "a, b", 299 - "c"', ["a, b", "c"]],
  ["two headers", ['299 - "a"', '299 kube "b" "Sat, 01 Jan 2028 00:00:00 GMT"'], ["a", "b"]],
  ["text beyond ASCII", `299 - "${utf8AsRead}"`, ["größer"]],
  ["nonsense", "yes", []],
])("%s gives its warnings unquoted", (_name, header, expected) => {
  expect(readWarnings(header)).toEqual(expected);
});
