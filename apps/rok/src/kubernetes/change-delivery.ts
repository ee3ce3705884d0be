import type { Delivery } from "@octoplane/kinds/delivery";

/** The flags about what may be done to bring an application to its cluster, and what they make of it. Pure. */

export interface DeliveryFlags {
  readonly targetNamespace?: string;
  readonly overrideNamespace?: boolean;
  readonly createNamespace?: boolean;
  readonly adopt?: boolean;
  readonly replace?: NonNullable<Delivery["replace"]>;
  readonly ignoreReplicas?: boolean;
  readonly deleteCrds?: boolean;
  readonly dependsOn?: NonNullable<Delivery["depends_on"]>;
  readonly removeExistingDependencies?: boolean;
}

/** With what was named changed, and nothing else; `undefined` while nothing was ever said. */
export function changedDelivery(
  before: Delivery | undefined,
  flags: DeliveryFlags,
): Delivery | undefined {
  const fields = {
    namespace: flags.targetNamespace,
    override_namespace: flags.overrideNamespace,
    create_namespaces: flags.createNamespace,
    adopt: flags.adopt,
    replace: flags.replace,
    ignore_replicas: flags.ignoreReplicas,
    delete_definitions: flags.deleteCrds,
    depends_on: needsWith(before?.depends_on, flags),
  };
  const named = Object.entries(fields).filter(([, value]) => value !== undefined);
  return named.length === 0 ? before : { ...before, ...(Object.fromEntries(named) as Delivery) };
}

function needsWith(
  before: Delivery["depends_on"],
  { dependsOn = [], removeExistingDependencies: clears = false }: DeliveryFlags,
): Delivery["depends_on"] {
  if (dependsOn.length === 0) return clears && before !== undefined ? [] : undefined;
  const kept = clears ? [] : (before ?? []);
  const isNamed = (need: (typeof kept)[number]): boolean =>
    dependsOn.some(({ name, namespace }) => name === need.name && namespace === need.namespace);
  return [...kept.filter((need) => !isNamed(need)), ...dependsOn];
}
