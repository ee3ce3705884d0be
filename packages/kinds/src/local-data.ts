import { factsOf, listOf, type Facts } from "./manifest-facts.ts";
import { identify, type ManifestObject } from "./manifest.ts";
import { podSpecOf } from "./pod-spec.ts";

/**
 * Data of an application that is on the nodes of its cluster, in words, or `undefined` when nothing is known to be. It does not
 * come along when the application moves, so whoever moves it loses it.
 *
 * Directories of nodes that are written to (`hostPath`), local volumes, and claims that one node at a time may use
 * (`ReadWriteOnce`, `ReadWriteOncePod`): on small clusters these are directories of a node too, and a disk in a cloud cannot be
 * reached from another cluster either. Claims that many nodes share are taken for storage that lasts. What every node has
 * of its own does not count: `hostPath` of a DaemonSet, devices, sockets and the file systems of the kernel. Pure.
 */
export function localDataOf(manifest: readonly ManifestObject[]): string | undefined {
  for (const item of manifest) {
    const found = localDataIn(item);
    if (found === undefined) continue;
    const identity = identify(item);
    return "problem" in identity ? found : `${identity.kind} ${identity.name} has ${found}`;
  }
  return undefined;
}

function localDataIn(item: ManifestObject): string | undefined {
  const spec = factsOf(item["spec"]);
  switch (item["kind"]) {
    case "PersistentVolume":
      if ("local" in spec) return "a local volume";
      return "hostPath" in spec ? `the directory ${pathOf(spec)} of a node` : undefined;
    case "PersistentVolumeClaim":
      return claimOf(spec);
    case "Pod":
    case "Deployment":
    case "ReplicaSet":
    case "ReplicationController":
    case "Job":
    case "CronJob":
      return podDataOf(podSpecOf(item));
    case "StatefulSet": {
      const claims = listOf(spec["volumeClaimTemplates"]).map((one) => factsOf(one["spec"]));
      const claimed = claims.map(claimOf).find((found) => found !== undefined);
      return claimed ?? podDataOf(podSpecOf(item));
    }
    default:
      return undefined;
  }
}

/** A claim without modes is refused by clusters; one that several nodes may use at once is not on one of them. */
function claimOf(spec: Facts): string | undefined {
  const modes = Array.isArray(spec["accessModes"]) ? spec["accessModes"] : [];
  const isShared = modes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  return modes.length === 0 || isShared ? undefined : "a volume of one node at a time";
}

function podDataOf(pod: Facts): string | undefined {
  const containers = [...listOf(pod["containers"]), ...listOf(pod["initContainers"])];
  const mounts = containers.flatMap((container) => listOf(container["volumeMounts"]));
  for (const volume of listOf(pod["volumes"])) {
    if (!("hostPath" in volume)) continue;
    const own = mounts.filter(({ name }) => name === volume["name"]);
    const isRead = own.length > 0 && own.every(({ readOnly }) => readOnly === true);
    if (!isRead && holdsData(factsOf(volume["hostPath"]))) {
      return `the directory ${pathOf(volume)} of a node`;
    }
  }
  return undefined;
}

const noData: ReadonlySet<unknown> = new Set(["Socket", "CharDevice", "BlockDevice"]);
const systemPath = /^\/(?:proc|sys|dev|run|var\/run|etc\/localtime|usr\/share\/zoneinfo)(?:\/|$)/;

function holdsData({ path, type }: Facts): boolean {
  return !noData.has(type) && !(typeof path === "string" && systemPath.test(path));
}

function pathOf(volume: Facts): string {
  const { path } = factsOf(volume["hostPath"]);
  return typeof path === "string" ? path.slice(0, pathCharsMax) : "";
}

/** A path stands in a sentence. */
const pathCharsMax = 100;
