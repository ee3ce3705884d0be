import type { Application, ApplicationStatus } from "@octoplane/kinds/application";
import {
  hasToken,
  hooksOf,
  pairFieldsOf,
  tokenFieldOf,
  type HookName,
} from "@octoplane/kinds/application-hook";
import type { HookGrant } from "@octoplane/delivery/hook-objects";
import { hookToken } from "@octoplane/resources/hook-token";
import { parseRef } from "@octoplane/resources/keys";
import type { AppWorld } from "../app-world.ts";
import type { StatusWriter } from "../status-writer.ts";
import {
  filesOf,
  freshPair,
  type HookPair,
  type HookSigners,
  type SignerSettings,
} from "./hook-certificates.ts";
import type { ShutdownSettings } from "./shutdown-step.ts";

/** What the operator says of one hook. */
interface HookWords extends SignerSettings {
  readonly env_token: string;
  readonly env_url: string;
  /** Where applications reach the API for this hook, if not where others do. */
  readonly external_endpoint: string | null;
}

export interface HookSettings {
  readonly complete: HookWords;
  readonly shutdown: HookWords & ShutdownSettings;
}

/** What the tokens of an application are made of, and its certificates, by hook. */
export type HookSecrets = ReadonlyMap<HookName, HookSecret>;

interface HookSecret {
  readonly token: string;
  readonly pair: HookPair | undefined;
}

const secretBytes = 32;

/**
 * Those of the hooks that an application has. Each is made and stored when it is needed for the first time, and a certificate
 * again before it is over.
 */
export async function hookSecrets(
  world: AppWorld,
  work: { readonly key: string; readonly app: Application; readonly status: StatusWriter },
): Promise<HookSecrets> {
  const { key, app, status } = work;
  const hooks = hooksOf(app.spec);
  if (hooks.length === 0) return new Map();
  const made = await Promise.all(hooks.map((hook) => freshParts(world, app, hook)));
  const fresh = made.filter(({ token, pair }) => token !== undefined || pair !== undefined);
  if (fresh.length > 0) {
    await status.write((current) =>
      fresh.reduce((next, parts) => withParts(next, app.status, parts), current),
    );
  }
  const { status: open } = await world.repository.reveal(parseRef(key));
  return new Map(
    hooks.map((hook) => {
      const { certificate, key: privateKey } = pairIn(open, hook);
      const isWhole = certificate !== null && privateKey !== null && world.hookSigners.has(hook);
      const pair = isWhole ? { certificate, key: privateKey } : undefined;
      return [hook, { token: open[tokenFieldOf(hook)] ?? "", pair }];
    }),
  );
}

export function hasCertificates(secrets: HookSecrets): boolean {
  return [...secrets.values()].some(({ pair }) => pair !== undefined);
}

interface Parts {
  readonly hook: HookName;
  readonly token: string | undefined;
  readonly pair: HookPair | undefined;
}

async function freshParts(
  world: AppWorld,
  { status }: Application,
  hook: HookName,
): Promise<Parts> {
  const token = hasToken(status, hook)
    ? undefined
    : world.random.bytes(secretBytes).toString("base64url");
  const signer = world.hookSigners.get(hook);
  const { certificate, key } = pairIn(status, hook);
  const known = (key ?? "") === "" ? null : certificate;
  const pair = signer && (await freshPair(signer, known, { ...world, now: world.clock.now() }));
  return { hook, token, pair };
}

/** What somebody else has made meanwhile counts. Pure. */
function withParts(
  current: ApplicationStatus,
  seen: ApplicationStatus,
  { hook, token, pair }: Parts,
): ApplicationStatus {
  const fields = pairFieldsOf(hook);
  const isSame = current[fields.certificate] === seen[fields.certificate];
  return {
    ...current,
    ...(token === undefined || hasToken(current, hook) ? {} : { [tokenFieldOf(hook)]: token }),
    ...(pair === undefined || !isSame
      ? {}
      : { [fields.certificate]: pair.certificate, [fields.key]: pair.key }),
  };
}

function pairIn(status: ApplicationStatus, hook: HookName) {
  const fields = pairFieldsOf(hook);
  return { certificate: status[fields.certificate], key: status[fields.key] };
}

/** The fields of hooks that an application no longer has: with others they begin anew. Pure. */
export function forgottenTokens({ spec }: Application) {
  const hooks = hooksOf(spec);
  const complete = { complete_token: null, complete_cert: null, complete_key: null };
  const shutdown = { shutdown_token: null, shutdown_cert: null, shutdown_key: null };
  return {
    ...(hooks.includes("complete") ? {} : complete),
    ...(hooks.includes("shutdown") ? {} : shutdown),
  };
}

/** What the copy on one cluster is given. Pure. */
export function hookGrants(
  { metadata }: Pick<Application, "metadata">,
  secrets: HookSecrets,
  place: {
    readonly clusterUid: string;
    readonly settings: HookSettings;
    readonly apiEndpoint: string;
    readonly signers: HookSigners;
  },
): readonly HookGrant[] {
  const { clusterUid, settings, apiEndpoint, signers } = place;
  return [...secrets].map(([hook, { token: secret, pair }]) => {
    const words = settings[hook];
    const base = (words.external_endpoint ?? apiEndpoint).replace(/\/+$/, "");
    const where = `namespaces/${segment(metadata.namespace ?? "")}/applications/${segment(metadata.name)}`;
    return {
      hook,
      token: hookToken(secret, hook, clusterUid),
      url: `${base}/kubernetes/${where}/${hook}`,
      envToken: words.env_token,
      envUrl: words.env_url,
      files: filesOf(signers.get(hook), pair),
    };
  });
}

/** A colon may stand in a path as it is (RFC 3986, section 3.3), and is what people expect of `system:admin`. */
function segment(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":");
}
