import { InvalidArgumentError, Option, type Command } from "commander";
import type { DeliveryFlags } from "../kubernetes/change-delivery.ts";

/** Of `app create` and `app update`: what may be done to bring the objects to a cluster. */
export function deliveryFlags(command: Command): void {
  command
    .option("--target-namespace <name>", "of the objects that name none")
    .option("--override-namespace", "also of those that name one")
    .option("--no-override-namespace", "not of those that name one")
    .option("--create-namespace", "make namespaces that the cluster has not")
    .option("--no-create-namespace", "make none but those of the manifest")
    .option("--adopt", "take over objects that belong to somebody else")
    .option("--no-adopt", "leave objects alone that belong to somebody else")
    .addOption(
      new Option(
        "--replace <what>",
        "what is made anew when a field changes that cannot be changed",
      ).choices(["never", "jobs", "any"]),
    )
    .option("--ignore-replicas", "leave replicas to whoever sets them on the cluster")
    .option("--no-ignore-replicas", "keep replicas as they are written")
    .option("--delete-crds", "on deletion also the definitions of custom resources")
    .option("--no-delete-crds", "on deletion keep the definitions of custom resources")
    .option(
      "--depends-on <application>",
      "one that has to run first: name, or namespace/name (repeat)",
      collectNeed,
    );
}

function collectNeed(
  text: string,
  previous: NonNullable<DeliveryFlags["dependsOn"]> = [],
): NonNullable<DeliveryFlags["dependsOn"]> {
  const [, namespace, name] = /^(?:([^/]+)\/)?([^/]+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Expected name or namespace/name.");
  return [...previous, { name, ...(namespace === undefined ? {} : { namespace }) }];
}
