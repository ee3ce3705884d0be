import fc from "fast-check";
import { expect, test } from "vitest";
import { packArguments, unpack } from "./pack-arguments.ts";

const cases: readonly (readonly [string, string, string])[] = [
  [
    "a pair does not eat the name after it",
    "register --metric load 1.5 --global-metric heat -2 edge",
    'register --metric=["load","1.5"] --global-metric=["heat","-2"] edge',
  ],
  ["what a plan asks of a metric is one word", "--metric load=2 x", '--metric=["load=2"] x'],
  ["the short form of a pair becomes the long one", "-m heat 3 x", '--metric=["heat","3"] x'],
  [
    "allowed values end at the first that is no whole number",
    "--allowed-values 1 -2 3 load",
    '--allowed-values=["1","-2","3"] load',
  ],
  ["injections end at the first without =", "-i A=1 B=x=y app", '--inject=["A=1","B=x=y"] app'],
  ["the input of a command has no value", "exec -i app -- cat A=1", "exec -i app -- cat A=1"],
  ["a bare --wait does not eat the name after it", "delete --wait echo", "delete --wait= echo"],
  ["--wait takes a state, in any case", "--wait RUNNING echo", "--wait=RUNNING echo"],
  [
    "a shutdown hook may have a time only",
    "--hook-shutdown 60 echo",
    '--hook-shutdown=["60"] echo',
  ],
  [
    "a shutdown hook may have all three",
    "--hook-shutdown 60 give_up 3 4",
    '--hook-shutdown=["60","give_up","3"] 4',
  ],
  ["a shutdown hook may have nothing", "--hook-shutdown echo", "--hook-shutdown=[] echo"],
  [
    "Krake's underscores are dashes, but not in values",
    "--backoff_delay=a_b",
    "--backoff-delay=a_b",
  ],
  ["underscores in values stay", "-l a_b=c_d --file my_app.yaml", "-l a_b=c_d --file my_app.yaml"],
  ["after -- nothing is touched", "-- --metric a_b --wait", "-- --metric a_b --wait"],
  ["a bare -R at the end is kubectl's", "create a -f k8s -R", "create a -f k8s --recursive"],
  ["-R before an option is, too", "-R -f k8s", "--recursive -f k8s"],
  ["-R before a word without a dot is, too", "-R a -f k8s", "--recursive a -f k8s"],
  ["-R before a kind is a constraint", "-R a.b.c -R a -R", "-R a.b.c --recursive a --recursive"],
  ["a flag with = is left to the parser", "--metric=x --wait=running", "--metric=x --wait=running"],
];

for (const [name, line, expected] of cases) {
  test(name, () => expect(packArguments(line.split(" "))).toEqual(expected.split(" ")));
}

for (const line of ["--metric", "--metric load", "--metric load --wait", "--metric -l 3"]) {
  test(`${line} is a usage error`, () => {
    expect(() => packArguments(line.split(" "))).toThrow(/^-(?:-metric|i): expected/);
  });
}

test("what is packed comes back as it was", () => {
  const name = fc
    .string({ minLength: 1 })
    .filter((text) => !text.startsWith("-") && !text.includes("="));
  fc.assert(
    fc.property(name, fc.double({ noNaN: true, noDefaultInfinity: true }), (metric, weight) => {
      const [packed] = packArguments(["--metric", metric, String(weight)]);
      expect(unpack(packed!.slice("--metric=".length))).toEqual([metric, String(weight)]);
    }),
  );
});
