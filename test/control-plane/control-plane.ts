/**
 * A real Kubernetes for tests: etcd, API server, controller manager, scheduler, and one node that
 * kwok plays. Everything listens on 127.0.0.1 and lives in a temporary folder.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { controlPlaneBinaries, type ControlPlaneBinaries } from "./build.ts";
import { freePort } from "../free-port.ts";
import { Component } from "./component.ts";

export interface ControlPlane extends AsyncDisposable {
  /** A kubeconfig in YAML with one context, for an administrator. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  readonly token: string;
  /** The certificate of the API server, PEM. */
  readonly certificate: string;
  /** The name of the one node. */
  readonly nodeName: string;
  /** A line in the log of every container: kwok answers for all of them from one file. */
  writeLog(text: string): void;
  /** Kills the API server, as when a cluster is lost. Its data and its port stay. */
  pauseApiServer(): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  resumeApiServer(): Promise<void>;
  /** The requests that the API server has answered, in their order; only with `audit`. */
  requests(): readonly ServedRequest[];
  /** One request as the administrator: the answer's status and JSON. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A line of the API server's audit trail. */
export interface ServedRequest {
  /** `get`, `list`, `watch`, `create`, `patch`, … */
  readonly verb: string;
  readonly requestURI: string;
  /** What the client calls itself. */
  readonly userAgent?: string;
  /** A watch has one when it begins and one when it ends. */
  readonly stage: string;
}

/** How long a part may take to become ready; cold disks of small machines are slow. */
const readyDeadlineMs = 60_000;
const pollMs = 100;

export interface ControlPlaneOptions {
  /** A port of this machine, where everybody comes who reaches for a port of any Pod. */
  readonly forwardTo?: number;
  /** Whether the API server writes down who asks for what. */
  readonly audit?: boolean;
}

/**
 * Starts a control plane and waits until pods can run on it. Needs the binaries of `build.ts`. Commands in containers run on this
 * machine. Images are never pulled, but some names make trouble: those in `stages/`.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = controlPlaneBinaries();
  if (binaries === undefined) {
    throw new Error("there is no control plane; build it with `node test/control-plane/build.ts`");
  }
  const folder = mkdtempSync(join(tmpdir(), "control-plane-"));
  const running = new Running(binaries, { ...options, folder });
  try {
    await running.start();
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

class Running implements ControlPlane {
  readonly token = randomBytes(24).toString("hex");
  readonly nodeName = "kwok-0";
  server = "";
  certificate = "";
  kubeconfig = "";
  readonly #binaries: ControlPlaneBinaries;
  readonly #folder: string;
  readonly #options: ControlPlaneOptions;
  readonly #components: Component[] = [];
  #apiServer: Component | undefined;
  #apiPort = 0;
  #etcdPort = 0;

  constructor(
    binaries: ControlPlaneBinaries,
    options: ControlPlaneOptions & { readonly folder: string },
  ) {
    this.#binaries = binaries;
    this.#folder = options.folder;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#writeKeys();
    await this.#startEtcd();
    this.#apiPort = await freePort();
    this.server = `https://127.0.0.1:${this.#apiPort}`;
    await this.resumeApiServer();
    this.kubeconfig = this.#kubeconfig();
    writeFileSync(this.#path("kubeconfig"), this.kubeconfig);
    this.#startControllers();
    await this.#startNode();
    await this.#waitFor("the default service account", async () => {
      const path = "/api/v1/namespaces/default/serviceaccounts/default";
      return (await this.call("GET", path)).status === 200;
    });
  }

  writeLog(text: string): void {
    const time = new Date().toISOString().replace("Z", "000000Z");
    appendFileSync(this.#path("containers.log"), `${time} stdout F ${text}\n`);
  }

  async pauseApiServer(): Promise<void> {
    await this.#apiServer?.[Symbol.asyncDispose]();
    this.#apiServer = undefined;
  }

  async resumeApiServer(): Promise<void> {
    this.#apiServer ??= this.#run("kube-apiserver", this.#binaries.apiServer, [
      `--etcd-servers=http://127.0.0.1:${this.#etcdPort}`,
      `--secure-port=${this.#apiPort}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--cert-dir=${this.#path("certs")}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      "--authorization-mode=RBAC",
      "--kubelet-preferred-address-types=InternalIP",
      `--token-auth-file=${this.#path("tokens.csv")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${this.#path("account.key")}`,
      `--service-account-signing-key-file=${this.#path("account.key")}`,
      "--allow-privileged=true",
      "--watch-cache=true",
      ...(this.#options.audit === true ? this.#auditArgs() : []),
    ]);
    await this.#waitFor("the API server", async () => {
      this.certificate = readFileSync(this.#path("certs/apiserver.crt"), "utf8");
      return (await this.call("GET", "/readyz")).status === 200;
    });
  }

  requests(): readonly ServedRequest[] {
    const lines = readFileSync(this.#path("audit.log"), "utf8").split("\n");
    // The last one may be half written.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as ServedRequest);
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.server + path,
        {
          method,
          ca: this.certificate,
          agent: false,
          timeout: readyDeadlineMs,
          headers: {
            authorization: `Bearer ${this.token}`,
            // Node frames no body of a DELETE by itself.
            "content-length": Buffer.byteLength(text),
            "content-type":
              method === "PATCH" ? "application/merge-patch+json" : "application/json",
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.once("error", reject);
          incoming.once("end", () => {
            const answer = Buffer.concat(chunks).toString();
            resolve({ status: incoming.statusCode ?? 0, body: readAnswer(answer) });
          });
        },
      );
      outgoing.once("error", reject);
      outgoing.once("timeout", () => outgoing.destroy(new Error(`${method} ${path} timed out`)));
      outgoing.end(text);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const component of this.#components.toReversed()) await component[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #run(name: string, path: string, args: readonly string[]): Component {
    const component = new Component({ name, path, args, logPath: this.#path(`${name}.log`) });
    this.#components.push(component);
    return component;
  }

  #writeKeys(): void {
    mkdirSync(this.#path("certs"));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const pem = privateKey.export({ type: "pkcs1", format: "pem" });
    writeFileSync(this.#path("account.key"), pem, { mode: 0o600 });
    const line = `${this.token},admin,admin,"system:masters"\n`;
    writeFileSync(this.#path("tokens.csv"), line, { mode: 0o600 });
  }

  #auditArgs(): readonly string[] {
    const policy = {
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived"],
      rules: [{ level: "Metadata" }],
    };
    writeFileSync(this.#path("audit.json"), JSON.stringify(policy));
    const [file, log] = [this.#path("audit.json"), this.#path("audit.log")];
    return [`--audit-policy-file=${file}`, `--audit-log-path=${log}`];
  }

  async #startEtcd(): Promise<void> {
    this.#etcdPort = await freePort();
    const client = `http://127.0.0.1:${this.#etcdPort}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    this.#run("etcd", this.#binaries.etcd, [
      `--data-dir=${this.#path("etcd")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
    ]);
    await this.#waitFor("etcd", async () => (await fetch(`${client}/health`)).ok);
  }

  #startControllers(): void {
    const kubeconfig = `--kubeconfig=${this.#path("kubeconfig")}`;
    const common = [
      kubeconfig,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      "--secure-port=0",
    ];
    this.#run("kube-controller-manager", this.#binaries.controllerManager, [
      ...common,
      `--service-account-private-key-file=${this.#path("account.key")}`,
      `--root-ca-file=${this.#path("certs/apiserver.crt")}`,
    ]);
    this.#run("kube-scheduler", this.#binaries.scheduler, common);
  }

  async #startNode(): Promise<void> {
    const stages = [...this.#binaries.stages, ...ownStages()].flatMap((path) => ["-c", path]);
    const port = await freePort();
    this.writeLog("started");
    const insides = insidesOf(this.#path("containers.log"), this.#options.forwardTo);
    writeFileSync(
      this.#path("insides.yaml"),
      insides.map((one) => JSON.stringify(one)).join("\n---\n"),
    );
    this.#run("kwok", this.#binaries.kwok, [
      `--kubeconfig=${this.#path("kubeconfig")}`,
      "--manage-all-nodes=true",
      "--node-ip=127.0.0.1",
      `--server-address=127.0.0.1:${port}`,
      `--node-port=${port}`,
      `--tls-cert-file=${this.#path("certs/apiserver.crt")}`,
      `--tls-private-key-file=${this.#path("certs/apiserver.key")}`,
      ...stages,
      "-c",
      this.#path("insides.yaml"),
    ]);
    const capacity = { cpu: "32", memory: "256Gi", pods: "110", "ephemeral-storage": "100Gi" };
    const made = await this.call("POST", "/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: this.nodeName,
        labels: { "kubernetes.io/hostname": this.nodeName, "kubernetes.io/os": "linux" },
      },
      status: { capacity, allocatable: capacity },
    });
    if (made.status !== 201) throw new Error(`no node: ${JSON.stringify(made.body)}`);
    await this.#waitFor("the node", async () => {
      const { body } = await this.call("GET", `/api/v1/nodes/${this.nodeName}`);
      return isReadyNode(body);
    });
  }

  /**
   * Asks again until the condition holds; a component that ended or a passed deadline is an error.
   */
  async #waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + readyDeadlineMs;
    for (;;) {
      for (const component of this.#components) component.check();
      if (await condition().catch(() => false)) return;
      if (performance.now() > deadline) {
        throw new Error(`${what} was not ready in ${readyDeadlineMs} ms`);
      }
      await sleep(pollMs);
    }
  }

  #kubeconfig(): string {
    const authority = Buffer.from(this.certificate).toString("base64");
    // JSON is YAML, and quoting it right is somebody else's work.
    return `${JSON.stringify(
      {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "control-plane",
        clusters: [
          {
            name: "control-plane",
            cluster: { server: this.server, "certificate-authority-data": authority },
          },
        ],
        users: [{ name: "admin", user: { token: this.token } }],
        contexts: [{ name: "control-plane", context: { cluster: "control-plane", user: "admin" } }],
      },
      undefined,
      2,
    )}\n`;
  }
}

/** Our own stages of kwok, which go before its own for the Pods that they are for. */
function ownStages(): readonly string[] {
  const folder = join(import.meta.dirname, "stages");
  return readdirSync(folder).map((name) => join(folder, name));
}

/** What kwok answers in the name of every container (its kinds ClusterLogs, ClusterExec, ClusterAttach, ClusterPortForward). */
function insidesOf(logsFile: string, forwardTo: number | undefined): readonly object[] {
  const of = (kind: string, spec: object): object => ({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind,
    metadata: { name: "every-pod" },
    spec,
  });
  const target = { address: "127.0.0.1", port: forwardTo };
  return [
    of("ClusterLogs", { logs: [{ logsFile, follow: true }] }),
    of("ClusterAttach", { attaches: [{ logsFile }] }),
    of("ClusterExec", { execs: [{ local: {} }] }),
    ...(forwardTo === undefined ? [] : [of("ClusterPortForward", { forwards: [{ target }] })]),
  ];
}

function readAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isReadyNode(node: unknown): boolean {
  const { status } = node as { status?: { conditions?: { type: string; status: string }[] } };
  const conditions = status?.conditions ?? [];
  return conditions.some((entry) => entry.type === "Ready" && entry.status === "True");
}
