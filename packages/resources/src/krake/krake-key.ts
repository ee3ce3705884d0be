import type { AnyKind } from "@octoplane/kinds/kind";
import { kinds } from "@octoplane/kinds/registry";
import type { Ref } from "../keys.ts";

/**
 * Krake's keys in etcd are `/<api group>/<plural>/[<namespace>/]<name>` (contract section 10.5). `undefined` for what is no
 * object of a kind that there is.
 */
export function parseKrakeKey(
  key: string,
): { readonly kind: AnyKind; readonly ref: Ref } | undefined {
  const [empty, api, plural, ...place] = key.split("/");
  const kind = kinds.find((one) => one.api === api && one.plural === plural);
  if (empty !== "" || !kind) return undefined;
  const [first, second, ...rest] = place;
  if (first === undefined || rest.length > 0) return undefined;
  if (!kind.namespaced) return second === undefined ? { kind, ref: { name: first } } : undefined;
  return second === undefined ? undefined : { kind, ref: { namespace: first, name: second } };
}
