import { chmod, cp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildProgram } from "@octoplane/rok/program";
import { systemClock } from "@octoplane/shared/clock";
import { waitFor } from "../../wait-for.ts";
import { openRokField, type RokField } from "../rok-field.ts";

/**
 * A session at the command line, command by command, with all that it prints: `transcript.txt` holds both. What differs from
 * run to run (times, ids, ports) stands as zeros of the same width. To take over what changed on purpose, run this test with
 * `--update` and read the difference.
 */
const here = dirname(fileURLToPath(import.meta.url));
const transcriptFile = join(here, "transcript.txt");

/** Commands that need what this session has not got, and where they are run instead. */
const elsewhere: Readonly<Record<string, string>> = {
  "import krake": "test/long/rok-import-krake.test.ts",
  login: "oidc-login.test.ts",
  // How many steps it looks at depends on the moment.
  backtest: "rok-what-if.test.ts",
  // The names of revocations are made up.
  "core tokenrevocation get": "rok-token.test.ts",
  "core tokenrevocation delete": "rok-token.test.ts",
  // How long a run takes depends on the moment.
  "kube app run": "rok-actions.test.ts",
  "kube app prune-jobs": "rok-actions.test.ts",
  "kube run list": "rok-actions.test.ts",
  "kube run get": "rok-actions.test.ts",
  "kube run compare": "rok-actions.test.ts",
  "kube run export": "rok-actions.test.ts",
  "kube run delete": "rok-actions.test.ts",
  // What Pods are called, and what they say, is made up.
  "kube app pods": "rok-streams.test.ts",
  "kube app tree": "rok-streams.test.ts",
  "kube app logs": "rok-streams.test.ts",
  "kube app events": "rok-streams.test.ts",
  "kube app describe": "rok-streams.test.ts",
  "kube app jobs": "rok-streams.test.ts",
  "kube app exec": "rok-streams.test.ts",
  "kube app attach": "rok-streams.test.ts",
  "kube app cp": "rok-streams.test.ts",
  "kube app port-forward": "rok-streams.test.ts",
  "kube run logs": "rok-streams.test.ts",
  "kube proxy": "rok-streams.test.ts",
  "kube app objects": "rok-clusters.test.ts",
  "kube app images": "rok-clusters.test.ts",
  "kube app diff": "rok-clusters.test.ts",
  "kube app top": "rok-top.test.ts",
  "kube cluster top": "rok-top.test.ts",
  "kube cluster describe": "rok-clusters.test.ts",
};

/** What has to have come to pass before a command, by other hands than ours: else it prints now this and now that. */
const after: Readonly<Record<string, { readonly rok: string; readonly shows: RegExp }>> = {
  "core globalmetric get price": { rok: "core globalmetric get price", shows: /^value +0\.2$/m },
  "core globalmetric list": { rok: "core globalmetric get price", shows: /^value +0\.2$/m },
  "core metric get load": { rok: "core metric get load", shows: /UNREACHABLE/ },
  "core metric list": { rok: "core metric get load", shows: /UNREACHABLE/ },
  "kube app explain echo": { rok: "get app echo -o json", shows: /"reason": ?"Healthy"/ },
  "kube app history echo --diff 1 2": { rok: "get app echo -o json", shows: /"decisions": ?2/ },
  "kube policy delete cheap": { rok: "get app echo -o json", shows: /"state": ?"RUNNING"/ },
  "kube cluster explain made": {
    rok: "get cluster made -o json",
    shows: /NO_SUITABLE_RESOURCE/,
  },
  "os cluster update nodes --node-count 3": {
    rok: "get magnumcluster nodes -o json",
    shows: /"lab"/,
  },
};

let field: RokField;

beforeAll(async () => {
  field = await openRokField(["berlin", "oslo"]);
  const { folder } = field;
  await cp(join(here, "files"), folder, { recursive: true });
  await writeFile(join(folder, "editor"), "#!/bin/sh\nsed -i 's/tier: front/tier: back/' \"$1\"\n");
  await chmod(join(folder, "editor"), 0o755);
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

test("every command prints what it should", async () => {
  const before = await readFile(transcriptFile, "utf8");
  const blocks: string[] = [];
  for (const block of before.split("\n\n")) {
    const [first = ""] = block.split("\n");
    blocks.push(first.startsWith("$ rok ") ? await played(first) : block.trimEnd());
  }
  await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot(transcriptFile);
}, 120_000);

test("no command is left out", async () => {
  const text = await readFile(transcriptFile, "utf8");
  const lines = text.split("\n").filter((line) => line.startsWith("$ rok "));
  const missing = leaves().filter(
    (leaf) =>
      elsewhere[leaf] === undefined && !lines.some((line) => `${line} `.includes(`rok ${leaf} `)),
  );
  expect(missing).toEqual([]);
});

async function played(line: string): Promise<string> {
  const awaited = after[line.slice("$ rok ".length)];
  if (awaited) await untilShown(awaited);
  const stop = new AbortController();
  const goesOn = / (?:-w|--watch)\b|^\$ rok watch /.test(line);
  const { status, out, err } = await field.rok(wordsOf(line.slice("$ rok ".length)), {
    variables: variables(),
    stop: stop.signal,
    // What goes on by itself has shown what there is.
    onOut: () => goesOn && stop.abort(),
    // Seen from days later, every age is the same.
    clock: { ...systemClock, now: () => systemClock.now() + 3 * 86_400_000 },
  });
  // Beside the result stand notes and progress, which depend on how quick things go; of a failure they are all there is.
  const told = status === 0 ? out : `${out}${err}[exit ${status}]\n`;
  return `${line}\n${steady(told)}`.replaceAll(/\n\n+/g, "\n").trimEnd();
}

async function untilShown({ rok, shows }: { readonly rok: string; readonly shows: RegExp }) {
  await waitFor(`rok ${rok} shows ${shows}`, async () => {
    const { out } = await field.rok(rok, { variables: variables() });
    return shows.test(out) && !/"state": ?"RECONCILING"/.test(out);
  });
}

function variables(): Readonly<Record<string, string>> {
  return {
    PATH: process.env["PATH"] ?? "",
    OCTOPLANE_DATA_DIR: join(field.folder, "data"),
    EDITOR: join(field.folder, "editor"),
  };
}

/** As a shell splits words, as far as the session needs it. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

function steady(text: string): string {
  const zeros = (match: string): string => match.replaceAll(/[0-9a-f]/g, "0");
  return text
    .replaceAll(field.folder, "/folder")
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, zeros)
    .replaceAll(/\b\d{8}t\d{9}z-[0-9a-f]{4}-[0-9a-f]{8}\b/g, zeros)
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (match) =>
      match.replaceAll(/\d/g, "0"),
    )
    .replaceAll(/127\.0\.0\.1:\d{5}/g, "127.0.0.1:00000")
    .replaceAll(/\b(?:[0-9a-f]{8}|[0-9a-f]{30,64})\b/g, zeros)
    .replaceAll(/^(version +)\d+(?:\.\d+)?$/gm, "$10")
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<token>");
}

/** Every command that does something, by its words. */
function leaves(): readonly string[] {
  const io = {
    out: () => undefined,
    err: () => undefined,
    columns: undefined,
    readInput: async () => "",
    environment: () => undefined,
    cwd: field.folder,
    clock: systemClock,
  };
  type Node = ReturnType<typeof buildProgram>;
  const walk = (command: Node, words: readonly string[]): readonly string[] =>
    command.commands.length === 0
      ? [words.join(" ")]
      : command.commands.flatMap((inner) => walk(inner as Node, [...words, inner.name()]));
  return walk(buildProgram({ io, session: undefined, status: 0 }), []);
}
