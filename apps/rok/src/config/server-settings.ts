import { stringify } from "yaml";
import { isLoopback } from "@octoplane/shared/weak-settings";

/** The files of a whole Octoplane of separate processes, as texts; pure. */

/** What is chosen for a set; everything else stays at its default. */
export interface ServerChoices {
  /** Names and addresses of the API server; the first is the one that `rok` is told. */
  readonly hosts: readonly string[];
  /** Where it listens; left out: on this machine only, unless a host is elsewhere. */
  readonly listen?: string;
  readonly port: number;
  readonly store: string;
  readonly authorization: string;
  /** Paths of its certificate, the key, and the authority of clients. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly client_ca: string };
  /** The administrator shows a certificate; else a token, whose hash is in a file of users. */
  readonly admin: "certificate" | "token";
  /** More settings by the name of the file, as they were taken over. */
  readonly more: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const processFiles = [
  ["api", "api.yaml"],
  ["scheduler", "scheduler.yaml"],
  ["app-controller", "kubernetes_application.yaml"],
  ["cluster-controller", "kubernetes_cluster.yaml"],
  ["gc", "garbage_collector.yaml"],
] as const;

/** The settings of each process, by the name of their file. Paths are those of the folder. */
export function serverSettings(
  choices: ServerChoices,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const common = { store: choices.store, sealing_key_file: "sealing.key" };
  return Object.fromEntries(
    processFiles.map(([name, file]) => {
      const more = choices.more[file] ?? {};
      const own = name === "api" ? apiSettings(choices, more) : {};
      return [file, { ...more, ...own, ...common }];
    }),
  );
}

function apiSettings(
  choices: ServerChoices,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { tls, admin, authorization } = choices;
  const authentication = {
    ...(more["authentication"] as object | undefined),
    ...(admin === "token" ? { static_users: "users.yaml" } : {}),
  };
  return {
    listen: listenOf(choices),
    token_key_file: "token.key",
    authorization,
    tls: tls ? { enabled: true, ...tls } : { enabled: false },
    ...(Object.keys(authentication).length === 0 ? {} : { authentication }),
  };
}

/** The address that `rok` is told. */
export function addressOf({ hosts, port, tls }: ServerChoices): string {
  const host = hosts[0] ?? "127.0.0.1";
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `${tls ? "https" : "http"}://${name}:${port}`;
}

function listenOf({ hosts, listen, port }: ServerChoices): string {
  if (listen !== undefined) return listen;
  return `${hosts.every(isLoopback) ? "127.0.0.1" : "0.0.0.0"}:${port}`;
}

export function settingsText(process: string, settings: Readonly<Record<string, unknown>>): string {
  const head = `# Settings of the process ${process}. Paths begin where it is started; every key: docs/configuration.md\n`;
  return head + stringify(settings, { lineWidth: 0 });
}

/** `rok.yaml`, whose paths begin at itself. */
export function clientText(choices: ServerChoices): string {
  const { tls, admin } = choices;
  const own = { client_cert: "pki/admin.crt", client_key: "pki/admin.key" };
  const block = tls && {
    tls: {
      enabled: true,
      client_ca: tls.client_ca,
      ...(admin === "certificate" ? own : {}),
    },
  };
  const settings = {
    api_url: addressOf(choices),
    ...(admin === "token" ? { token_file: "admin.token" } : {}),
    ...block,
  };
  return stringify(settings, { lineWidth: 0 });
}

export function usersText(hash: string): string {
  return stringify({ users: [{ name: "system:admin", token_sha256: hash }] });
}

/** Five lines that say how to start it. `apps` is the folder of the programs. */
export function readmeText(folder: string, { store, admin }: ServerChoices, apps: string): string {
  const starts = processFiles.map(([name]) => `node ${apps}/${name}/src/main.ts`);
  const credential = admin === "token" ? "admin.token" : "pki/admin.key";
  return [
    `Start etcd at ${store}, then, each in a terminal or unit of its own whose working directory is ${folder}:`,
    `${starts[0]}  (any number of these, behind one address)`,
    `${starts.slice(1).join("; ")}  (one or more of each)`,
    "Then, in this folder: rok whoami. Where a process runs on another machine, it needs its .yaml and sealing.key, the API token.key too.",
    `Secret are the files of mode 600: sealing.key opens the credentials in the store, token.key signs tokens, ${credential} is the administrator.`,
    "",
  ].join("\n");
}
