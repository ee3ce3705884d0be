import { textOf } from "@octoplane/shared/text-of";
import { failure, type FieldProblem } from "@octoplane/shared/errors";
import { redactedSecret } from "./redacted-secret.ts";

/**
 * What Octoplane accepts as a kubeconfig: one context, one cluster, one user, with every
 * certificate and credential inside. Whatever would make a server run a program, read a file of its
 * own or call a third party is refused. Pure, so that the command line, the API and the tests judge
 * alike; no connection is tried here.
 */

type Entry = Readonly<Record<string, unknown>>;

const inlineHint =
  "; `rok` puts the content of files into the kubeconfig when it registers a cluster";

/** Fields that name files, with the field that holds the same inline. */
const fileFields = {
  cluster: { "certificate-authority": "certificate-authority-data" },
  user: {
    "client-certificate": "client-certificate-data",
    "client-key": "client-key-data",
    tokenFile: "token",
    "token-file": "token",
  },
} as const;

/** Fields that change who the user is, or how it proves it, in ways that nothing here honours. */
const refusedUserFields: Readonly<Record<string, string>> = {
  exec: "credential plug-ins are programs and are never run",
  "auth-provider": "authentication plug-ins are not supported",
  "as-groups": "impersonation of groups is not supported",
  "as-uid": "impersonation of a uid is not supported",
  "as-user-extra": "impersonation with extra fields is not supported",
};

/**
 * Every problem of a kubeconfig, with paths from its root (`users[0].user.exec`); none when it can
 * be used.
 */
export function checkKubeconfig(value: unknown): readonly FieldProblem[] {
  if (!isEntry(value)) return [{ field: "", message: "expected a kubeconfig (an object)" }];
  return [
    ...checkOnlyOne(value, "contexts"),
    ...checkOnlyOne(value, "clusters"),
    ...checkOnlyOne(value, "users"),
    ...checkReferences(value),
    ...entriesOf(value, "clusters").flatMap(checkCluster),
    ...entriesOf(value, "users").flatMap(checkUser),
  ];
}

/** The name of the one cluster of a kubeconfig, if it has a name. */
export function clusterNameOf(kubeconfig: unknown): string | undefined {
  const [cluster] = isEntry(kubeconfig) ? entriesOf(kubeconfig, "clusters") : [];
  return stringOf(cluster?.["name"]);
}

/**
 * The kubeconfig with nothing but one context, its cluster and its user; other fields at the top
 * stay. Without a name it is the current context, or the only one. Throws `Invalid` when the choice
 * is not clear.
 */
export function selectContext(kubeconfig: unknown, contextName?: string): Entry {
  if (!isEntry(kubeconfig)) throw failure("Invalid", "expected a kubeconfig (an object)");
  const contexts = entriesOf(kubeconfig, "contexts");
  const names = contexts.map((context) => textOf(context["name"]));
  const current = stringOf(kubeconfig["current-context"]);
  const chosen = contextName ?? current ?? (names.length === 1 ? names[0] : undefined);
  const there = names.length === 0 ? "there is none" : `there are: ${names.join(", ")}`;
  if (chosen === undefined) {
    throw failure("Invalid", `the kubeconfig has no current-context; choose a context, ${there}`);
  }
  const context = contexts.find((entry) => entry["name"] === chosen);
  if (!context) throw failure("Invalid", `the kubeconfig has no context "${chosen}"; ${there}`);
  const inner = innerOf(context, "context");
  return {
    ...kubeconfig,
    "current-context": chosen,
    contexts: [context],
    clusters: [requireNamed(kubeconfig, "clusters", inner["cluster"])],
    users: [requireNamed(kubeconfig, "users", inner["user"])],
  };
}

type ListName = "contexts" | "clusters" | "users";

function requireNamed(kubeconfig: Entry, list: ListName, name: unknown): Entry {
  const found = entriesOf(kubeconfig, list).find((entry) => entry["name"] === name);
  if (found) return found;
  throw failure("Invalid", `the context names "${textOf(name)}", which is not among its ${list}`);
}

function checkOnlyOne(kubeconfig: Entry, list: ListName): readonly FieldProblem[] {
  const value = kubeconfig[list];
  const one = list.slice(0, -1);
  if (value !== undefined && value !== null && !Array.isArray(value)) {
    return [{ field: list, message: `expected a list with one ${one}` }];
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  if (entries.length !== 1) {
    const names = entries.map((entry) => (isEntry(entry) ? textOf(entry["name"]) : "?"));
    const found = names.length === 0 ? "none" : `${names.length}: ${names.join(", ")}`;
    return [{ field: list, message: `expected exactly one ${one}, found ${found}` }];
  }
  const [entry] = entries;
  if (isEntry(entry) && stringOf(entry["name"]) !== undefined) return [];
  return [{ field: `${list}[0].name`, message: "expected a name" }];
}

/**
 * The context must name the cluster and the user; nothing is to be judged while one of them is
 * missing.
 */
function checkReferences(kubeconfig: Entry): readonly FieldProblem[] {
  const [context] = entriesOf(kubeconfig, "contexts");
  if (!context) return [];
  const problems: FieldProblem[] = [];
  const current = kubeconfig["current-context"];
  if (!isAbsent(current) && current !== context["name"]) {
    const message = `expected "${textOf(context["name"])}", the only context, or nothing`;
    problems.push({ field: "current-context", message });
  }
  const inner = innerOf(context, "context");
  for (const [field, list] of [
    ["cluster", "clusters"],
    ["user", "users"],
  ] as const) {
    const name = entriesOf(kubeconfig, list)[0]?.["name"];
    if (name === undefined || inner[field] === name) continue;
    const message = `expected "${textOf(name)}", the only ${field}`;
    problems.push({ field: `contexts[0].context.${field}`, message });
  }
  const namespace = inner["namespace"];
  if (!isAbsent(namespace) && typeof namespace !== "string") {
    problems.push({ field: "contexts[0].context.namespace", message: "expected a name" });
  }
  return problems;
}

function checkCluster(entry: Entry, index: number): readonly FieldProblem[] {
  const path = `clusters[${index}].cluster`;
  const cluster = innerOf(entry, "cluster");
  return [
    ...checkServer(`${path}.server`, cluster["server"]),
    ...checkProxy(`${path}.proxy-url`, cluster["proxy-url"]),
    ...checkFiles(path, cluster, fileFields.cluster),
    ...checkBase64(path, cluster, "certificate-authority-data"),
    ...checkText(path, cluster, "tls-server-name"),
  ];
}

function checkUser(entry: Entry, index: number): readonly FieldProblem[] {
  const path = `users[${index}].user`;
  const user = innerOf(entry, "user");
  const refused = Object.entries(refusedUserFields)
    .filter(([field]) => !isAbsent(user[field]))
    .map(([field, message]) => ({ field: `${path}.${field}`, message }));
  return [
    ...refused,
    ...checkFiles(path, user, fileFields.user),
    ...checkBase64(path, user, "client-certificate-data"),
    ...checkBase64(path, user, "client-key-data"),
    ...["token", "username", "password", "as"].flatMap((field) => checkText(path, user, field)),
    ...checkPair(path, user, ["client-certificate-data", "client-key-data"]),
    ...checkPair(path, user, ["username", "password"]),
  ];
}

function checkServer(field: string, server: unknown): readonly FieldProblem[] {
  const url = urlOf(server);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    return [{ field, message: "expected a URL such as https://cluster.example.org:6443" }];
  }
  if (url.username !== "" || url.password !== "") {
    return [{ field, message: "expected no credentials in the URL; they belong to the user" }];
  }
  if (url.search !== "" || url.hash !== "") {
    return [{ field, message: "expected a URL without a query or a fragment" }];
  }
  return [];
}

function checkProxy(field: string, proxy: unknown): readonly FieldProblem[] {
  if (isAbsent(proxy)) return [];
  const url = urlOf(proxy);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    return [{ field, message: "expected the URL of an http or https proxy" }];
  }
  // They would stand readable in the store and in every answer.
  if (url.username === "" && url.password === "") return [];
  return [{ field, message: "expected no credentials in the URL of the proxy" }];
}

function checkFiles(
  path: string,
  entry: Entry,
  fields: Readonly<Record<string, string>>,
): readonly FieldProblem[] {
  return Object.entries(fields)
    .filter(([field]) => !isAbsent(entry[field]))
    .map(([field, inline]) => ({
      field: `${path}.${field}`,
      message: `expected ${inline} instead of the path of a file${inlineHint}`,
    }));
}

function checkBase64(path: string, entry: Entry, name: string): readonly FieldProblem[] {
  const value = entry[name];
  if (isAbsent(value) || value === redactedSecret) return [];
  const compact = typeof value === "string" ? value.replace(/\s/g, "") : "";
  const isBase64 =
    compact.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(compact) && compact.length > 0;
  return isBase64 ? [] : [{ field: `${path}.${name}`, message: "expected base64" }];
}

/**
 * Texts that become headers or names: one line, and never repeated in a message, for some are
 * secrets.
 */
function checkText(path: string, entry: Entry, name: string): readonly FieldProblem[] {
  const value = entry[name];
  if (isAbsent(value) || (typeof value === "string" && /^[^\0-\x1F\x7F]*$/.test(value))) return [];
  return [{ field: `${path}.${name}`, message: "expected one line of text" }];
}

function checkPair(
  path: string,
  entry: Entry,
  [one, other]: readonly [string, string],
): readonly FieldProblem[] {
  if (isAbsent(entry[one]) === isAbsent(entry[other])) return [];
  const [present, missing] = isAbsent(entry[one]) ? [other, one] : [one, other];
  return [{ field: `${path}.${missing}`, message: `expected a value, because ${present} has one` }];
}

function entriesOf(kubeconfig: Entry, list: ListName): readonly Entry[] {
  const value = kubeconfig[list];
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

/** The object inside an entry of a list: `{name, cluster: {...}}`. */
function innerOf(entry: Entry, field: "context" | "cluster" | "user"): Entry {
  const inner = entry[field];
  return isEntry(inner) ? inner : {};
}

function urlOf(value: unknown): URL | undefined {
  return (typeof value === "string" && URL.parse(value)) || undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** kubectl treats an empty field as if it were not there. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
