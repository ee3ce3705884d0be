import type { Application } from "@octoplane/kinds/application";
import { hasToken, hooksOf, tokenFieldOf, type HookName } from "@octoplane/kinds/application-hook";
import type { HookGrant } from "@octoplane/delivery/hook-objects";
import { hookToken } from "@octoplane/resources/hook-token";
import { parseRef } from "@octoplane/resources/keys";
import type { AppWorld } from "../app-world.ts";
import type { StatusWriter } from "../status-writer.ts";
import type { ShutdownSettings } from "./shutdown-step.ts";

/** What the operator says of one hook. */
interface HookWords {
  readonly env_token: string;
  readonly env_url: string;
  /** Where applications reach the API for this hook, if not where others do. */
  readonly external_endpoint: string | null;
}

export interface HookSettings {
  readonly complete: HookWords;
  readonly shutdown: HookWords & ShutdownSettings;
}

/** What the tokens of an application are made of, by hook. */
export type HookSecrets = ReadonlyMap<HookName, string>;

const secretBytes = 32;

/** Those of the hooks that an application has; each is made and stored when it is needed for the first time. */
export async function hookSecrets(
  world: AppWorld,
  work: { readonly key: string; readonly app: Application; readonly status: StatusWriter },
): Promise<HookSecrets> {
  const { key, app, status } = work;
  const hooks = hooksOf(app.spec);
  if (hooks.length === 0) return new Map();
  const missing = hooks.filter((hook) => !hasToken(app.status, hook));
  if (missing.length > 0) {
    const fresh = new Map(
      missing.map((hook) => [hook, world.random.bytes(secretBytes).toString("base64url")]),
    );
    await status.write((current) => {
      const made = missing.filter((hook) => !hasToken(current, hook));
      return {
        ...current,
        ...Object.fromEntries(made.map((hook) => [tokenFieldOf(hook), fresh.get(hook)])),
      };
    });
  }
  const { status: open } = await world.repository.reveal(parseRef(key));
  return new Map(hooks.map((hook) => [hook, open[tokenFieldOf(hook)] ?? ""]));
}

/** The fields of hooks that an application no longer has: with another token they begin anew. Pure. */
export function forgottenTokens({ spec }: Application): {
  complete_token?: null;
  shutdown_token?: null;
} {
  const hooks = hooksOf(spec);
  return {
    ...(hooks.includes("complete") ? {} : { complete_token: null }),
    ...(hooks.includes("shutdown") ? {} : { shutdown_token: null }),
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
  },
): readonly HookGrant[] {
  const { clusterUid, settings, apiEndpoint } = place;
  return [...secrets].map(([hook, secret]) => {
    const words = settings[hook];
    const base = (words.external_endpoint ?? apiEndpoint).replace(/\/+$/, "");
    const where = `namespaces/${segment(metadata.namespace ?? "")}/applications/${segment(metadata.name)}`;
    return {
      hook,
      token: hookToken(secret, hook, clusterUid),
      url: `${base}/kubernetes/${where}/${hook}`,
      envToken: words.env_token,
      envUrl: words.env_url,
    };
  });
}

/** A colon may stand in a path as it is (RFC 3986, section 3.3), and is what people expect of `system:admin`. */
function segment(text: string): string {
  return encodeURIComponent(text).replaceAll("%3A", ":");
}
