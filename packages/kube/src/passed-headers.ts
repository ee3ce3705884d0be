/** Which headers pass when a request goes on to a cluster in Octoplane's name, and its answer back. Pure. */

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Of one connection only (RFC 9110, section 7.6.1). */
const ofTheConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Who the caller is, to Octoplane or to anybody: a cluster is told who Octoplane is, and nothing else. */
const ofTheCaller: readonly RegExp[] = [
  /^authorization$/,
  /^cookie$/,
  /^host$/,
  /^expect$/,
  /^forwarded$/,
  /^x-forwarded-/,
  /^x-real-ip$/,
  /^x-remote-/,
  /^impersonate-/,
  /^origin$/,
  /^referer$/,
];

/** What a cluster may not say in the name of Octoplane's own address. */
const ofTheCluster: readonly RegExp[] = [
  /^set-cookie/,
  /^www-authenticate$/,
  /^access-control-/,
  /^strict-transport-security$/,
  /^content-security-policy/,
  /^clear-site-data$/,
  /^alt-svc$/,
  /^date$/,
];

/** Browsers cannot send `Authorization` with a WebSocket; Kubernetes lets them hide their token here instead. */
const tokenProtocol = /^base64url\.bearer\.authorization\.k8s\.io\./;

/** What goes on to the cluster, with the login's own headers last. */
export function requestHeaders(
  headers: Headers,
  login: Headers,
): Record<string, string | string[]> {
  const passed = without(headers, ofTheCaller);
  const protocols = passed["sec-websocket-protocol"];
  if (protocols !== undefined) {
    const kept = [protocols]
      .flat()
      .join(",")
      .split(",")
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== "" && !tokenProtocol.test(protocol));
    if (kept.length > 0) passed["sec-websocket-protocol"] = kept.join(", ");
    else delete passed["sec-websocket-protocol"];
  }
  return { ...passed, ...without(login, []) };
}

/** What comes back to the caller. */
export function answerHeaders(headers: Headers): Record<string, string | string[]> {
  return without(headers, ofTheCluster);
}

function without(headers: Headers, refused: readonly RegExp[]): Record<string, string | string[]> {
  const named = new Set(
    [headers["connection"] ?? []]
      .flat()
      .join(",")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const passed: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(headers)) {
    const name = key.toLowerCase();
    if (value === undefined || ofTheConnection.has(name) || named.has(name)) continue;
    if (refused.some((pattern) => pattern.test(name))) continue;
    passed[name] = typeof value === "string" ? value : [...value];
  }
  return passed;
}
