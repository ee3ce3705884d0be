import { builtinKinds } from "./builtin-kinds.ts";
import { apiVersionOf, kindKey, type SimKind } from "./kind.ts";

function placeOf(kind: { group: string; version: string; plural: string }): string {
  return `${kind.group}/${kind.version}/${kind.plural}`;
}

const builtinPlaces = new Map(builtinKinds.map((kind) => [placeOf(kind), kind]));
const builtinNames = new Map(
  builtinKinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]),
);

/**
 * What one cluster serves: the built-in kinds, shared by all clusters, and those its definitions
 * add.
 */
export class KindTable {
  /** By the key of the kind; one entry per served version. */
  readonly #custom = new Map<string, readonly SimKind[]>();

  find(group: string, version: string, plural: string): SimKind | undefined {
    const custom = this.#custom.get(kindKey({ group, plural }));
    return (
      builtinPlaces.get(placeOf({ group, version, plural })) ??
      custom?.find((kind) => kind.version === version)
    );
  }

  findByName(apiVersion: string, kind: string): SimKind | undefined {
    return (
      builtinNames.get(`${apiVersion}/${kind}`) ??
      this.custom().find((entry) => apiVersionOf(entry) === apiVersion && entry.kind === kind)
    );
  }

  /** The kind under a storage key, in its first served version. */
  byKey(key: string): SimKind | undefined {
    return this.#custom.get(key)?.[0] ?? builtinKinds.find((kind) => kindKey(kind) === key);
  }

  custom(): readonly SimKind[] {
    return [...this.#custom.values()].flat();
  }

  all(): readonly SimKind[] {
    return [...builtinKinds, ...this.custom()];
  }

  /** Serves the versions of one custom kind in place of those before; none takes the kind away. */
  setCustom(key: string, kinds: readonly SimKind[]): void {
    if (kinds.length === 0) this.#custom.delete(key);
    else this.#custom.set(key, kinds);
  }
}
