import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { HookName } from "@octoplane/kinds/application-hook";
import type { Copy } from "@octoplane/kinds/application";

/**
 * The tokens by which applications call back. What is stored is a secret of which each place is given a token of its own, by the
 * uid of its cluster: a cluster never sees that of another one, a move brings a new one, and the old one is good for as long as
 * the copy there is in the books. All pure.
 */
export function hookToken(secret: string, hook: HookName, clusterUid: string): string {
  return createHmac("sha256", secret).update(`${hook} ${clusterUid}`).digest("base64url");
}

export interface HookCaller {
  /** Of the place that called; absent for whoever knows the secret itself. */
  readonly clusterUid: string | undefined;
}

/**
 * Who sent a token; `undefined` when it is none of those that were handed out. It takes as long for a wrong one as for the right
 * one. `secret` is what is stored: nothing, or an empty text, is none.
 */
export function callerOf(
  sent: string,
  hook: HookName,
  known: { readonly secret: string | null; readonly copies: readonly Copy[] },
): HookCaller | undefined {
  const { secret, copies } = known;
  const tokens = [
    { token: secret ?? "", clusterUid: undefined },
    ...copies.map(({ cluster_uid: clusterUid }) => ({
      token: hookToken(secret ?? "", hook, clusterUid),
      clusterUid,
    })),
  ];
  const right = tokens.filter(({ token }) => timingSafeEqual(digest(sent), digest(token)));
  const [caller] = secret === null || secret === "" ? [] : right;
  return caller && { clusterUid: caller.clusterUid };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
