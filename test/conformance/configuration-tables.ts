import type { Type } from "typebox";
import { ApiProcessSchema } from "@octoplane/api/config";
import { AppControllerConfigSchema } from "@octoplane/app-controller/config";
import { ClusterControllerConfigSchema } from "@octoplane/cluster-controller/config";
import { DistributedConfigSchema } from "@octoplane/distributed/config";
import { GcConfigSchema } from "@octoplane/gc/config";
import { processFields } from "@octoplane/process/process-config";
import { settingsOf, type Setting } from "@octoplane/process/schema-paths";
import { SchedulerConfigSchema } from "@octoplane/scheduler/config";
import { krakeKeys, type KrakeKey } from "@octoplane/shared/krake-settings/krake-keys";
import { StandaloneConfigSchema } from "@octoplane/standalone/config";
import { Type as T } from "typebox";

/** The tables of docs/configuration.md as the schemas have them: heading → rows of cells. */
export type Tables = Readonly<Record<string, readonly (readonly string[])[]>>;

const schemas: Readonly<Record<string, Type.TObject>> = {
  "Every process of its own": T.Object(processFields),
  api: ApiProcessSchema,
  scheduler: SchedulerConfigSchema,
  "app-controller": AppControllerConfigSchema,
  "cluster-controller": ClusterControllerConfigSchema,
  gc: GcConfigSchema,
  "All in one: `npm start`": standaloneOwn(),
  "All on one machine: `npm run start:distributed`": DistributedConfigSchema,
};

/** What is described elsewhere, as parts of this, is left out. */
function standaloneOwn(): Type.TObject {
  const { data_dir, listen, log_level, token_keys, key_reload_interval } =
    StandaloneConfigSchema.properties;
  return T.Object({ data_dir, listen, log_level, token_keys, key_reload_interval });
}

export function settingTables(): Tables {
  return Object.fromEntries(
    Object.entries(schemas).map(([heading, schema]) => [
      heading,
      settingsOf(schema).flatMap((setting) => [
        rowOf(setting),
        ...itemsOf(schema, setting).map(rowOf),
      ]),
    ]),
  );
}

export function krakeTable(): readonly (readonly string[])[] {
  const rows = new Map<string, readonly string[]>();
  for (const [file, keys] of Object.entries(krakeKeys)) {
    for (const key of keys) {
      const fate = fateOf(key);
      const id = `${key.path} ${fate}`;
      const files = rows.get(id)?.[1];
      rows.set(id, [`\`${key.path}\``, files === undefined ? file : `${files}, ${file}`, fate]);
    }
  }
  return [...rows.values()];
}

function fateOf({ path, becomes, note, isOfTls }: KrakeKey): string {
  const only = isOfTls === true ? ", unless `tls.enabled` is false" : "";
  if (becomes !== undefined) return (becomes === path ? "the same" : `\`${becomes}\``) + only;
  return `no effect: ${note ?? ""}`;
}

function rowOf({ path, type, value, description }: Setting): readonly string[] {
  const byDefault = value === undefined ? "" : `\`${JSON.stringify(value)}\``;
  return [`\`${path.join(".")}\``, type, byDefault, description];
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** The keys of the entries of a list: `authentication.oidc[].issuer`. */
function itemsOf(schema: Type.TObject, { path, type }: Setting): readonly Setting[] {
  if (type !== "list") return [];
  const node = path.reduce<Node | undefined>(
    (found, name) => found?.properties?.[name],
    schema as Node,
  );
  if (!node?.items?.properties) return [];
  const [last = "", ...before] = path.toReversed();
  return settingsOf(node.items as Type.TSchema).map((setting) => ({
    ...setting,
    path: [...before.toReversed(), `${last}[]`, ...setting.path],
  }));
}
