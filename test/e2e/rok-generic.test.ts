import { execFile } from "node:child_process";
import { chmod, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { openRokField, type RokField, type RokOptions } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";
import { waitFor } from "../wait-for.ts";

/** The commands of `rok` that are for every kind, against the whole system in this process. */

const documents = `
api: kubernetes
kind: Application
metadata: { name: web, labels: { tier: front } }
spec:
  manifest:
    - { apiVersion: v1, kind: ConfigMap, metadata: { name: web, namespace: default }, data: { a: "1" } }
---
api: core
kind: Metric
metadata: { name: load }
spec: { min: 0, max: 1, allowed_values: [], provider: { name: fixed, metric: load } }
---
api: core
kind: MetricsProvider
metadata: { name: fixed }
spec: { type: static, static: { metrics: { load: 0.5 } } }
`;

let field: RokField;

beforeAll(async () => {
  field = await openRokField(["edge"], { files: { "all.yaml": documents } });
  await good("kube cluster register -k edge.yaml -l location=DE --wait --timeout 20s");
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> =>
  field.rok(line, options);
const good = async (line: string | readonly string[], options: RokOptions = {}): Promise<string> =>
  (await field.good(line, options)).out;

async function refused(line: string | readonly string[], status: number, options: RokOptions = {}) {
  const result = await rok(line, options);
  expect(result.status, result.err + result.out).toBe(status);
  return result.err;
}

/** A program that stands in for a person at an editor. */
async function editor(name: string, script: string): Promise<RokOptions> {
  const path = join(field.folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o700);
  return { variables: { EDITOR: path } };
}

describe("apply", () => {
  test("checks every document first, creates in order, and says what it did", async () => {
    expect(await good("apply -f all.yaml --dry-run")).toContain("metric/load created (dry run)\n");
    expect(await good("get metric,app -o json")).toBe("[]\n");
    expect(await good("apply -f all.yaml")).toBe(
      "metricsprovider/fixed created\nmetric/load created\napplication/web created\n",
    );
    expect(await good("apply -f all.yaml")).not.toMatch(/ (?:created|changed)$/m);
    const changed = documents.replace("max: 1", "max: 2");
    const out = await good("apply -f - -o name", { input: changed });
    expect(out).toBe("metricsprovider/fixed\nmetric/load\napplication/web\n");
    expect(await good("get metric load -o jsonpath={.spec.max}")).toBe("2");
  });

  test("takes what get prints, and finds nothing to change in it", async () => {
    for (const format of ["json", "yaml"]) {
      const input = await good(`get app,metric -o ${format}`);
      expect(await good("apply -f -", { input })).toBe(
        "metric/load unchanged\napplication/web unchanged\n",
      );
    }
  });

  test("leaves labels that a file does not name, and gives the rest its default", async () => {
    const input =
      "kind: Metric\nmetadata: {name: load}\nspec: {min: 0, max: 3, allowed_values: [1], provider: {name: fixed, metric: load}}";
    await good("apply -f -", {
      input: input.replace("name: load}\nspec", "name: load, labels: {a: b}}\nspec"),
    });
    expect(await good("apply -f -", { input })).toBe("metric/load unchanged\n");
    expect(await good("get metric load -o jsonpath={.metadata.labels.a}")).toBe("b");
  });

  test("says what is wrong with which document, and sends none of them", async () => {
    const input = documents
      .replace("min: 0", "min: 7")
      .replace("kind: MetricsProvider", "kind: MetricProvider");
    const err = await refused("apply -f -", exitStatus.refused, { input });
    expect(err).toMatch(/^rok: standard input:\d+ \(Metric load\): spec\.min: expected less/m);
    expect(err).toMatch(
      /there is no kind "MetricProvider" in "core" \(did you mean MetricsProvider\?\)/,
    );
  });

  test("knows a manifest of Kubernetes, and the command that was meant", async () => {
    const input = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
    const err = await refused("apply -f -", exitStatus.refused, { input });
    expect(err).toContain("Pod p is an object for a Kubernetes cluster");
    expect(err).toContain('"rok kube app create NAME -f -"');
  });

  test("goes on after a failure, and its status tells", async () => {
    const rights = "--verb get,create --resource metric,mp --in kim";
    await good(`core role create measurer ${rights}`);
    await good("core rolebinding create kim --role measurer --user kim");
    const token = (await good("token create kim")).trim();
    const { out, err, status } = await rok("apply -f all.yaml -n kim", {
      variables: { OCTOPLANE_TOKEN: token },
    });
    expect(status).toBe(exitStatus.notAllowed);
    expect(out).toBe("metricsprovider/fixed created\nmetric/load created\n");
    expect(err).toMatch(/^rok: all\.yaml:\d+ \(Application web\): .*kim/);
  });

  test("refuses documents of another namespace than the one that is named", async () => {
    const input = documents.replace("name: load }", "name: load, namespace: x }");
    expect(await refused("apply -n other -f -", exitStatus.refused, { input })).toContain(
      "(Metric load): is of namespace x, not of --namespace other",
    );
  });
});

describe("get", () => {
  test("shows a short table, names, selections and columns of one's own", async () => {
    await waitFor("web runs", async () => (await good("get app web")).includes("RUNNING"));
    expect(await good("get app")).toMatch(
      /^name +state +cluster +age\nweb +RUNNING +edge +\d+[sm]\n$/,
    );
    expect(await good("get apps -a --show-labels --no-headers")).toMatch(
      /^system:admin +web +RUNNING +edge +\d+[sm] +tier=front\n$/,
    );
    expect(await good("get app -l tier=back -o json")).toBe("[]\n");
    expect(await good("get app --field-selector status.state=RUNNING -o name")).toBe(
      "application/web\n",
    );
    const columns = "custom-columns=NAME:.metadata.name,ON:{.status.running_on.name},NO:.x";
    expect(await good(["get", "app", "-o", columns])).toBe("NAME  ON    NO\nweb   edge  <none>\n");
    expect(await good("get app -o wide")).toContain("backoff_limit");
    const row = /^web +system:admin +tier=front +\d.* RUNNING +edge$/m;
    expect(await good("kube app list -l tier=front")).toMatch(row);
  });

  test("gives what it finds of several, and names what is not there", async () => {
    const { status, out, err } = await rok("get app/web cluster/edge app/none -o name");
    expect({ status, out }).toEqual({
      status: exitStatus.notFound,
      out: "application/web\ncluster/edge\n",
    });
    expect(err).toBe("rok: Application none in namespace system:admin does not exist\n");
    expect(await refused("get aps", exitStatus.usage)).toContain("did you mean app?");
    expect(await refused("get app web -a", exitStatus.usage)).toContain("not both");
  });

  test("colours states on terminals, and nowhere else", async () => {
    const red = "\u001b[32mRUNNING\u001b[0m";
    expect(await good("get app", { columns: 80 })).toContain(red);
    expect(await good("get app", { columns: 80, variables: { NO_COLOR: "1" } })).not.toContain(
      "\u001b",
    );
    expect(await good("get app")).not.toContain("\u001b");
    expect(await good("get app --color always")).toContain(red);
    expect(await good("get app -o json --color always")).not.toContain("\u001b");
  });
});

describe("watching", () => {
  test("rows are appended as things change, until nobody reads any more", async () => {
    const stop = new AbortController();
    let seen = "";
    const watching = rok("get metric -w", { stop: stop.signal, onOut: (all) => (seen = all) });
    await waitFor("the first table", () => seen.includes("load"), { seen: () => seen });
    await good("core metric update load --max 9");
    await waitFor("the change", () => /^changed +load/m.test(seen), { seen: () => seen });
    stop.abort();
    expect((await watching).status).toBe(exitStatus.ok);
    expect(seen.split("\n")[0]).toMatch(/^event +name +provider +min +max/);
  });

  test("JSON has one object per line, with the kind of change for watch", async () => {
    const stop = new AbortController();
    let seen = "";
    const world = { stop: stop.signal, onOut: (all: string) => (seen = all) };
    const watching = rok("watch metric load -o json", world);
    await waitFor("the first object", () => seen.endsWith("\n"), { seen: () => seen });
    stop.abort();
    await watching;
    expect(JSON.parse(seen)).toMatchObject({ type: "ADDED", object: { kind: "Metric" } });
  });

  test("events are told once each, until the object is gone", async () => {
    const input =
      "kind: Metric\nmetadata: {name: short}\nspec: {min: 0, max: 3, allowed_values: [], provider: {name: fixed, metric: load}}";
    await good("apply -f -", { input });
    let seen = "";
    const watching = rok("events metric short -w", { onOut: (all) => (seen = all) });
    await waitFor("the creation", () => seen.includes("Created"), { seen: () => seen });
    await good("core metric update short --max 4");
    await waitFor("the change", () => seen.includes("Changed"), { seen: () => seen });
    await good("delete metric short --wait --timeout 20s");
    expect((await watching).err).toContain("short: gone");
    expect(seen.match(/Created/g)).toHaveLength(1);
  });
});

test("describe tells all about an object, as wide as the terminal", async () => {
  const out = await good("describe app/web", { columns: 80, variables: { NO_COLOR: "1" } });
  expect(out).toMatch(/^kind +kubernetes\/Application$/m);
  expect(out).toMatch(/^ {2}Scheduled +True +Placed/m);
  expect(out).toMatch(/^copy on edge \(generation 1, serves: /m);
  expect(out).toMatch(/^ {2}ConfigMap +default +web$/m);
  expect(out).toMatch(/^last decision {2}decision 1 of .*: placed on/m);
  expect(out).toMatch(/^ {2}\d+[sm] +Normal +Octoplane +Created +created$/m);
  for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(await good("events app web -o jsonpath={[0].reason}")).toBe("Created");
  expect(await good("describe core/role role:system")).toMatch(/^rules +1$/m);
});

describe("edit", () => {
  const leftovers = async (): Promise<readonly string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith("rok-edit-"));

  test("stores what was changed in the editor, in a file that nobody else may read", async () => {
    const before = await leftovers();
    const script = `stat -c %a "$1" > ${field.folder}/mode; sed -i 's/tier: front/tier: edge/' "$1"`;
    const out = await good(
      "edit app web -o jsonpath={.metadata.labels}",
      await editor("ok.sh", script),
    );
    expect(out).toBe('{"tier":"edge"}');
    expect(await readFile(join(field.folder, "mode"), "utf8")).toBe("600\n");
    expect(await leftovers()).toEqual(before);
  });

  test("sends nothing when nothing was changed, or all was removed", async () => {
    for (const [script, said] of [
      ["true", "nothing was changed"],
      [': > "$1"', "the file is empty"],
    ] as const) {
      const { status, out, err } = await rok("edit app web", await editor("no.sh", script));
      expect({ status, out }).toEqual({ status: exitStatus.ok, out: "" });
      expect(err).toContain(said);
    }
  });

  test("shows what was refused on top, and keeps an edit that is given up", async () => {
    const script = `grep -q '^#! spec.max: expected number' "$1" || sed -i 's/max: .*/max: x/' "$1"`;
    const err = await refused(
      "edit metric load",
      exitStatus.refused,
      await editor("bad.sh", script),
    );
    const path = /it is in (\S+)\n/.exec(err)?.[1] ?? "";
    expect(await readFile(path, "utf8")).toContain("max: x");
    await rm(join(path, ".."), { recursive: true });
  });

  test("puts the change on top of what somebody else made of it meanwhile", async () => {
    const rokPath = fileURLToPath(new URL("../../apps/rok/src/main.ts", import.meta.url));
    const other = `${process.execPath} ${rokPath} core metric update load --min -3 >/dev/null`;
    const script = `if grep -q 'changed meanwhile' "$1"; then echo '# seen' >> "$1"; else ${other}; sed -i 's/max: .*/max: 77/' "$1"; fi`;
    await good("edit metric load", await editor("race.sh", script));
    expect(await good("get metric load -o jsonpath={.spec.min}/{.spec.max}")).toBe("-3/77");
  });

  test("credentials that nobody is shown stay as they are", async () => {
    await good(
      "core mp create influx --type influx --url http://127.0.0.1:9 --org o --bucket b --token hidden",
    );
    const script = `grep -q 'token: REDACTED' "$1" && sed -i 's/bucket: b/bucket: c/' "$1"`;
    const out = await good(
      "edit mp influx -o jsonpath={.spec.influx}",
      await editor("secret.sh", script),
    );
    expect(JSON.parse(out)).toMatchObject({ bucket: "c", token: "REDACTED" });
  });
});

describe("rights", () => {
  test("can-i answers by its exit status too, roles are made and changed by flags", async () => {
    await good("core role create reader --verb get,list --resource app --in team");
    await good("core role update reader --verb list --resource cluster --in team");
    const rules = await good("core role get reader -o jsonpath={.rules[*].resources[0]}");
    expect(rules).toBe("applications clusters");
    await good("core rolebinding create readers --role reader --user eve --group devs");
    await good("core rolebinding update readers --user adam --remove-group devs");
    const binding = await good("core rolebinding get readers -o json");
    expect(JSON.parse(binding)).toMatchObject({
      users: ["eve", "adam"],
      groups: [],
      roles: ["reader"],
    });
    const token = (await good("token create eve")).trim();
    const world = { variables: { OCTOPLANE_TOKEN: token } };
    expect(await good("auth can-i list app -n team", world)).toBe("yes\n");
    const no = await rok("auth can-i delete app -n team", world);
    expect(no).toEqual({ status: exitStatus.failed, out: "no\n", err: "" });
    expect(await good("auth can-i --list", world)).toMatch(
      /^kubernetes +applications +team +get list$/m,
    );
    expect(await refused("auth can-i gett app", exitStatus.usage)).toContain("did you mean get?");
  });
});

describe("delete", () => {
  test("asks when it takes more along, and tells without a terminal what it would take", async () => {
    const questions: string[] = [];
    const ask = async (question: string): Promise<string> => {
      questions.push(question);
      return "n";
    };
    const { status, err } = await rok("delete cluster edge", { ask });
    expect(status).toBe(exitStatus.failed);
    expect(err).toBe("this takes along:\n  application/web (with edge)\nnothing was deleted\n");
    expect(questions).toHaveLength(1);
    expect(await good("delete cluster edge --dry-run")).toBe(
      "cluster/edge would be deleted (dry run)\napplication/web would go with cluster/edge (dry run)\n",
    );
    await good("delete app/web --wait --timeout 20s", { ask });
    expect(questions).toHaveLength(1);
    expect(await good("get app -o json")).toBe("[]\n");
  });

  test("takes files, in the other order, and goes on after what is not there", async () => {
    const { status, out, err } = await rok("delete -f all.yaml");
    expect(status).toBe(exitStatus.notFound);
    expect(err).toBe("rok: Application web in namespace system:admin does not exist\n");
    expect(out).toBe("metric/load deleting\nmetricsprovider/fixed deleting\n");
  });
});

describe("completion", () => {
  test("offers names of the server, and nothing when it does not answer", async () => {
    expect(await good(["__complete", "--", "kube", "cluster", "get", ""])).toBe("edge\tONLINE\n");
    expect(await good(["__complete", "--", "describe", "cluster", "x"])).toBe("");
    const away = ["__complete", "--", "--server", "http://127.0.0.1:9", "get", "cluster", ""];
    expect(await rok(away)).toEqual({ status: 0, out: "", err: "" });
    expect(await good(["__complete", "--", "get", "openst"])).toBe("");
  });

  test("the script works in a real bash, with words that bash would cut", async () => {
    const program = fileURLToPath(new URL("../../apps/rok/bin/rok.mjs", import.meta.url));
    await symlink(program, join(field.folder, "rok"));
    const script = `
source <(rok completion bash)
complete -p rok
try() { COMP_LINE="$1"; COMP_WORDS=("\${@:2}"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _rok_complete; echo "\${COMPREPLY[*]}"; }
try "rok kube clus" rok kube clus
try "rok get cluster " rok get cluster ""
try "rok get app --color=a" rok get app --color = a
try "rok core role get role:system:g" rok core role get role : system : g
try "rok apply -f all" rok apply -f all
`;
    const env = { PATH: `${field.folder}:${process.env["PATH"] ?? ""}`, HOME: field.folder };
    const { stdout } = await promisify(execFile)("bash", ["-c", script], {
      cwd: field.folder,
      env,
    });
    expect(stdout.split("\n")).toEqual([
      "complete -F _rok_complete rok",
      "cluster",
      "edge",
      "auto always",
      "gc",
      "all.yaml",
      "",
    ]);
  });

  test("Krake's flag prints the script, or says what there is instead", async () => {
    expect(await good("--print-completion bash")).toBe(await good("completion bash"));
    expect(await good("completion zsh")).toMatch(/^#compdef rok\n/);
    expect(await good("completion fish")).toContain("complete -c rok");
    expect(await refused("--print-completion tcsh", exitStatus.usage)).toContain(
      "bash, zsh and fish",
    );
  });
});

describe("what is mistyped gets a suggestion", () => {
  const cases: readonly (readonly [line: string, message: RegExp])[] = [
    ["kube ap list", /unknown command 'ap'\n\(Did you mean one of app, gp\?\)/],
    ["kube app lst", /unknown command 'lst'\n\(Did you mean list\?\)/],
    ["gett app", /unknown command 'gett'\n\(Did you mean get\?\)/],
    ["get app --selectr a", /\(Did you mean --selector\?\)/],
    ["get app -o jsonpath={.a[}", /at character 5: expected an index/],
    ["whoami -o name", /prints no objects/],
  ];
  for (const [line, message] of cases) {
    test(`rok ${line}`, async () => {
      expect(await refused(line, exitStatus.usage)).toMatch(message);
    });
  }
});
