import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { limits } from "@octoplane/shared/limits";
import { waitFor } from "../wait-for.ts";
import { openRokField, type RokField, type RokOptions } from "./rok-field.ts";
import type { RokRun } from "./rok-run.ts";

/** How `rok` reads manifests, against a server without clusters: what it stores, and what it refuses. */

let field: RokField;

const map = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\n`;

const tosca = `tosca_definitions_version: tosca_simple_yaml_1_0
topology_template:
  inputs:
    replicas: { type: integer, default: 1 }
    image: { type: string, constraints: [{ valid_values: [small, big] }] }
  node_templates:
    web: { type: tosca.nodes.indigo.KubernetesObject, properties: { spec: { get_input: image } } }
`;

const files: Readonly<Record<string, string>> = {
  "k8s/b.yaml": `${map("b1")}---\n${map("b2")}`,
  "k8s/a.yml": map("a"),
  "k8s/c.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
  "k8s/README.md": "# text",
  "k8s/deep/d.yaml": map("d"),
  "one.yaml": map("one"),
  "two.yaml": map("two"),
  "tosca.yaml": tosca,
  "overlay/kustomization.yaml": "resources: [../one.yaml]\n",
  "overlay/patch.yaml": map("patched"),
  "chart/Chart.yaml": "apiVersion: v2\nname: small\nversion: 1.2.3\n",
  "chart/values.yaml": "replicas: 1\n",
  "chart/templates/web.yaml": "kind: {{ .Values.kind }}\n",
  "k3d.yaml": "apiVersion: k3d.io/v1alpha5\nkind: Simple\nmetadata: {name: keystone}\n",
  "compose.yaml": "services:\n  web:\n    image: nginx\n",
  "otel.yaml": "receivers: {otlp: {}}\nservice: {pipelines: {}}\n",
  "kubeconfig.yaml":
    "apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: u, user: {token: s3cret}}]\n",
  "extra.yaml": map("extra"),
  "hooks.yaml": [
    ["check", "test"],
    ["migrate", "pre-install,pre-upgrade"],
  ]
    .map(
      ([name, hook]) =>
        `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, annotations: {helm.sh/hook: "${hook}"}}\n`,
    )
    .join("---\n"),
};

beforeAll(async () => {
  field = await openRokField([], { files });
  await writeFile(join(field.folder, "latin1.yaml"), Buffer.from("a: gr\xfcn\n", "latin1"));
});

afterAll(async () => await field?.[Symbol.asyncDispose]());

const rok = (line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> =>
  field.rok(line, options);
const good = (line: string | readonly string[], options: RokOptions = {}): Promise<RokRun> =>
  field.good(line, options);

/** Nothing was stored, and this was said. */
async function refused(flags: string, status: number, options: RokOptions = {}): Promise<string> {
  const result = await rok(`kube app create never ${flags}`, options);
  expect(result.status, result.err + result.out).toBe(status);
  expect((await rok("kube app get never")).status).toBe(exitStatus.notFound);
  return result.err;
}

interface Stored {
  readonly spec: {
    readonly manifest: readonly { readonly metadata: { readonly name: string } }[];
    readonly tosca: unknown;
    readonly constraints: { readonly cluster: { readonly custom_resources: readonly string[] } };
  };
}

async function stored(name: string): Promise<Stored["spec"]> {
  return (JSON.parse((await good(`kube app get ${name} -o json`)).out) as Stored).spec;
}

async function namesIn(name: string): Promise<readonly string[]> {
  return (await stored(name)).manifest.map(({ metadata }) => metadata.name);
}

describe("files", () => {
  test("a folder is read by name, and what is left out is told", async () => {
    const { err } = await good("kube app create folder -f k8s -f two.yaml -f one.yaml");
    expect(await namesIn("folder")).toEqual(["a", "b1", "b2", "c", "two", "one"]);
    expect(err).toBe("rok: left out k8s/README.md\nrok: left out k8s/deep (a folder)\n");
  });

  test("a bare -R reads what lies below, one with a kind is a constraint", async () => {
    await good("kube app create deep -f k8s -R");
    expect(await namesIn("deep")).toEqual(["a", "b1", "b2", "c", "d"]);
    await good("kube app create -R both -f k8s -R networks.keramik.3box.io");
    expect(await namesIn("both")).toContain("d");
    const { constraints } = await stored("both");
    expect(constraints.cluster.custom_resources).toEqual(["networks.keramik.3box.io"]);
  });

  test("patterns are ours to expand, and one without a file is an error", async () => {
    await good(["kube", "app", "create", "glob", "-f", "k8s/**/*.y*ml"]);
    expect(await namesIn("glob")).toEqual(["a", "b1", "b2", "d"]);
    expect(await refused("-f none/*.yaml", exitStatus.refused)).toMatch(/none\/\*\.yaml: no file/);
  });

  test("the standard input is read, as JSON too", async () => {
    await good("kube app create input -f -", { input: files["k8s/c.json"]! });
    expect(await namesIn("input")).toEqual(["c"]);
  });

  test("what is no UTF-8 is refused with the place of the first strange byte", async () => {
    const err = await refused("-f latin1.yaml", exitStatus.refused);
    expect(err).toBe("rok: latin1.yaml is not UTF-8 text (byte 0xfc at offset 5)\n");
  });

  test("flags that have nothing to act on are usage errors", async () => {
    for (const flags of [
      "-u http://x/a.yaml -R",
      "-f one.yaml --set a=b",
      "--chart chart --chart-version 2",
      "-f one.yaml -k overlay",
    ]) {
      await refused(flags, exitStatus.usage);
    }
  });
});

const lookAlikes: readonly (readonly [string, RegExp])[] = [
  ["-f k3d.yaml", /k3d\.yaml:1: this is a cluster file of k3d/],
  ["-f compose.yaml", /compose\.yaml:1: this is a file of Docker Compose/],
  ["-f otel.yaml", /otel\.yaml:1: this is a configuration of the OpenTelemetry Collector/],
  ["-f kubeconfig.yaml", /this is a kubeconfig, .*cluster register/],
  ["-f overlay", /overlay\/kustomization\.yaml:1: .*use -k overlay\n/],
  ["-f chart", /chart\/Chart\.yaml:1: .*use --chart chart\n[^]*values\.yaml:1: .*--values beside/],
  ["-f chart/templates", /web\.yaml:1:.*template of a Helm chart/],
  ["-f one.yaml -f tosca.yaml", /tosca\.yaml:1: this is a TOSCA template, .* by itself/],
];

describe("what only looks like a manifest is called by its name", () => {
  for (const [flags, message] of lookAlikes) {
    test(flags, async () => {
      const err = await refused(flags, exitStatus.refused);
      expect(err).toMatch(message);
      expect(err).not.toContain("s3cret");
    });
  }
});

describe("addresses", () => {
  let web: Server;
  let address: string;
  const seen: (string | undefined)[] = [];
  const answer: RequestListener = (request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    seen.push(`${path} ${request.headers.authorization ?? "-"}`);
    if (path === "/app.yaml") return response.end(map("fetched"));
    if (path === "/hop") return response.writeHead(302, { location: "/app.yaml" }).end();
    if (path === "/circle") return response.writeHead(302, { location: "/circle" }).end();
    if (path === "/page") {
      return response.writeHead(200, { "content-type": "text/html" }).end("<html></html>");
    }
    if (path === "/endless") {
      const chunk = Buffer.alloc(1024 * 1024, "a");
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      return more();
    }
    return response.writeHead(404).end();
  };

  beforeAll(async () => {
    web = createServer(answer).listen(0, "127.0.0.1");
    await new Promise((resolve) => web.once("listening", resolve));
    address = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    web.closeAllConnections();
    web.close();
  });

  test("are fetched, behind a redirect and with the user that they name", async () => {
    await good(`kube app create fetched -f http://otto:s3cret@${address}/hop`);
    expect(await namesIn("fetched")).toEqual(["fetched"]);
    const basic = `Basic ${Buffer.from("otto:s3cret").toString("base64")}`;
    expect(seen).toEqual([`/hop ${basic}`, `/app.yaml ${basic}`]);
  });

  test.each([
    ["/none", exitStatus.refused, /answered 404 Not Found/],
    ["/page", exitStatus.refused, /answered with an HTML page/],
    ["/circle", exitStatus.refused, /redirects more than \d+ times/],
    ["/endless", exitStatus.refused, new RegExp(`longer than ${limits.rokSourceBytesMax} bytes`)],
  ])("%s is refused, without a secret in the message", async (path, status, message) => {
    const err = await refused(`-f http://otto:s3cret@${address}${path}?token=s3cret`, status);
    expect(err).toMatch(message);
    expect(err).toContain(`http://${address}${path}`);
    expect(err).not.toContain("s3cret");
  });

  test("where nobody listens is unreachable", async () => {
    const err = await refused("-f http://otto:s3cret@127.0.0.1:1/a.yaml", exitStatus.unreachable);
    expect(err).toMatch(/^rok: http:\/\/127\.0\.0\.1:1\/a\.yaml cannot be fetched: /);
  });
});

/** A folder for the PATH with these programs and none else. */
async function path(programs: Readonly<Record<string, string>>): Promise<RokOptions> {
  const bin = await mkdtemp(join(field.folder, "bin-"));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return { variables: { PATH: bin } };
}

const printed = (text: string): string => `/bin/cat <<'END'\n${text}END`;

describe("kustomize", () => {
  test("renders the folder, or kubectl does, with nothing in the standard input", async () => {
    const own = await path({
      kustomize: `/bin/cat; ${printed(map("$1-$3"))}`.replace("'END'", "END"),
    });
    await good("kube app create kustomized -k overlay", own);
    expect(await namesIn("kustomized")).toEqual(["build-overlay"]);
    const other = await path({ kubectl: printed(map("by-kubectl")) });
    await good("kube app update kustomized -k overlay", other);
    expect(await namesIn("kustomized")).toEqual(["by-kubectl"]);
  });

  test("that is nowhere is told with what to install", async () => {
    const err = await refused("-k overlay", exitStatus.failed, await path({}));
    expect(err).toMatch(/neither kustomize nor kubectl is on the PATH; install one of them/);
  });

  test("that fails is passed on with its own words", async () => {
    const words = "security; file '/x' is not in or below '/overlay'";
    const world = await path({ kustomize: `echo "${words}" >&2\nexit 3` });
    const err = await refused("-k overlay", exitStatus.failed, world);
    expect(err).toBe(`rok: kustomize build overlay ended with 3:\n${words}\n`);
  });

  test("ends when rok is told to end", async () => {
    const { variables } = await path({
      kustomize: `echo $$ > ${field.folder}/pid\nexec /bin/sleep 600`,
    });
    const main = join(import.meta.dirname, "../../apps/rok/src/main.ts");
    const own = spawn(process.execPath, [main, "kube", "app", "create", "never", "-k", "overlay"], {
      cwd: field.folder,
      env: { ...process.env, ...variables, HOME: field.folder },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => own.once("exit", (_code, signal) => resolve(signal)));
    const pid = await waitFor("the tool to be running", async () => {
      const text = await readFile(join(field.folder, "pid"), "utf8").catch(() => "");
      return text.endsWith("\n") ? Number(text) : undefined;
    });
    own.kill("SIGTERM");
    expect(await ended).toBe("SIGTERM");
    await waitFor("the tool to be gone", async () => {
      try {
        process.kill(pid, 0);
        // One that nobody waits for stays as an entry.
        return (await readFile(`/proc/${pid}/stat`, "utf8")).includes(") Z ");
      } catch {
        return true;
      }
    });
  });

  test("that prints without an end is stopped", async () => {
    const world = await path({
      kustomize: "exec /usr/bin/yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    });
    const err = await refused("-k overlay", exitStatus.refused, world);
    expect(err).toContain(`longer than ${limits.rokSourceBytesMax} bytes`);
  });
});

/** A helm that writes down how it was called, and answers as version 4 does. */
function helm(version: string): Promise<RokOptions> {
  return path({
    helm: [
      `echo "$@" >> ${field.folder}/calls`,
      'case "$1" in',
      `  version) echo ${version} ;;`,
      '  show) printf "name: small\\nversion: 1.2.3\\n" ;;',
      `  template) ${printed(map("rendered"))}\n ;;`,
      `  install) printf '{"info":{"notes":"Visit me"}}' ;;`,
      `  pull) while [ "$1" != --destination ]; do shift; done; echo > "$2/small-1.2.3.tgz" ;;`,
      "esac",
    ].join("\n"),
  });
}

async function callsOf(
  line: string,
  options: RokOptions,
): Promise<{ err: string; calls: string[] }> {
  await rm(join(field.folder, "calls"), { force: true });
  const { err } = await good(line, options);
  return { err, calls: (await readFile(join(field.folder, "calls"), "utf8")).trim().split("\n") };
}

describe("charts", () => {
  const flags = "--values chart/values.yaml --set a=s3cret --set b=2 --set-string tag=01";

  test("are rendered once by helm, and tell what they were and have to say", async () => {
    const { err, calls } = await callsOf(
      `kube app create charted --chart chart ${flags}`,
      await helm("v4.3.1"),
    );
    expect(await namesIn("charted")).toEqual(["rendered"]);
    const values = "--values chart/values.yaml --set a=s3cret --set b=2 --set-string tag=01";
    const common = `--namespace default ${values}`;
    expect(calls).toEqual([
      `template ${common} --include-crds -- charted chart`,
      "show chart -- chart",
      "version --template {{.Version}}",
      `install ${common} --dry-run=client --output json -- charted chart`,
    ]);
    expect(err).toBe(
      "rok: rendered chart small 1.2.3; release charted; values of chart/values.yaml; set: a, b, tag\n" +
        "\nVisit me\n",
    );
  });

  test("of a repository are fetched once; Helm 3 would ask a cluster for the notes", async () => {
    const { err, calls } = await callsOf(
      "kube app create pulled --chart small --release web --chart-version 1.x --repo http://charts",
      await helm("v3.22.0"),
    );
    expect(calls[0]).toMatch(
      /^pull --version 1\.x --repo http:\/\/charts --destination \S+ -- small$/,
    );
    expect(calls[1]).toMatch(/^template --namespace default --include-crds -- web \S+\.tgz$/);
    expect(calls.map((call) => call.split(" ")[0])).toEqual([
      "pull",
      "template",
      "show",
      "version",
    ]);
    expect(err).toContain("rendering them takes Helm 4");
  });

  test("without helm, or that helm refuses, are told and store nothing", async () => {
    const absent = await refused("--chart chart", exitStatus.failed, await path({}));
    expect(absent).toMatch(/helm is not on the PATH; install Helm 3 or newer/);
    const failing = await path({ helm: "echo 'Error: no values' >&2; exit 1" });
    const err = await refused("--chart chart --set a=s3cret", exitStatus.failed, failing);
    expect(err).toBe("rok: helm template chart ended with 1:\nError: no values\n");
  });

  test("leave their tests behind, and keep their other hooks", async () => {
    const { err } = await good("kube app create hooked -f hooks.yaml");
    expect(err).toBe("rok: left out the test Pod check (hooks.yaml:1)\n");
    expect(await namesIn("hooked")).toEqual(["migrate"]);
  });
});

describe("TOSCA", () => {
  const inputsOf = async (name: string): Promise<unknown> =>
    (await stored(name)).tosca as { topology_template: { inputs: unknown } };

  test("takes inputs, for a new template and for the one that is there", async () => {
    await good("kube app create modelled -f tosca.yaml --input replicas=3");
    await good("kube app update modelled --input image=big");
    expect(await inputsOf("modelled")).toMatchObject({
      topology_template: { inputs: { replicas: { default: 3 }, image: { default: "big" } } },
    });
  });

  test.each([
    ["-f tosca.yaml --input sise=3", /no such input; those that it declares: image, replicas/],
    ["-f tosca.yaml --input replicas=many", /--input replicas: expected a whole number/],
    ["-f tosca.yaml --input image=s3cret", /--input image: expected one of small, big/],
    ["-f one.yaml --input a=b", /only a TOSCA template has inputs/],
    ["-u http://x/a.yaml --input a=b", /give the template itself/],
  ])("%s is refused", async (flags, message) => {
    const err = await refused(flags, exitStatus.refused);
    expect(err).toMatch(message);
    expect(err).not.toContain("s3cret");
  });
});

test("rok apply reads folders, patterns and addresses in the same way", async () => {
  const role = (name: string): string =>
    `api: core\nkind: Role\nmetadata: {name: ${name}}\nrules: []\n`;
  await mkdir(join(field.folder, "roles", "deep"), { recursive: true });
  await writeFile(join(field.folder, "roles", "a.yaml"), role("a"));
  await writeFile(join(field.folder, "roles", "deep", "b.yaml"), role("b"));
  const { out } = await good("apply -f roles -R");
  expect(out).toMatch(/a[^]*b/);
  expect((await good(["apply", "-f", "roles/*.yaml"])).out).toMatch(/unchanged/);
});
