import { Type, type Static } from "typebox";
import { wholeImageName } from "@octoplane/kinds/image-name";
import { factsOf, listOf } from "@octoplane/kinds/manifest-facts";
import { identify, type ManifestObject } from "@octoplane/kinds/manifest";
import { containersOf } from "@octoplane/kinds/pod-spec";
import { KubeError, type Kube, type KubeObject } from "@octoplane/kube/kube";
import { kindOf } from "@octoplane/kube/owned";

export const ImageSchema = Type.Object({
  cluster: Type.Union([Type.String(), Type.Null()], {
    description: "null: the application is on no cluster yet",
  }),
  image: Type.String(),
  pull_policies: Type.Array(Type.String(), {
    description: "that are written; where none is, the cluster chooses",
  }),
  workloads: Type.Array(Type.String(), { description: "`Deployment/web`" }),
  present: Type.String({
    description: "on nodes: all, some, none, or unknown when they do not tell",
  }),
});
export type ImageView = Static<typeof ImageSchema>;

interface Use {
  readonly policies: Set<string>;
  readonly workloads: Set<string>;
}

/** Every image of a manifest with what uses it, in the order of the manifest. Objects of kinds with Pods of their own only. Pure. */
export function imagesIn(manifest: readonly ManifestObject[]): ReadonlyMap<string, Use> {
  const found = new Map<string, Use>();
  for (const item of manifest) {
    const identity = identify(item);
    if ("problem" in identity) continue;
    for (const { image, imagePullPolicy: policy } of containersOf(item)) {
      if (typeof image !== "string") continue;
      const use = found.get(image) ?? { policies: new Set(), workloads: new Set() };
      found.set(image, use);
      use.workloads.add(`${identity.kind}/${identity.name}`);
      if (typeof policy === "string") use.policies.add(policy);
    }
  }
  return found;
}

/** What nodes tell of the images that they have: whole names of each node; `undefined` when none of them tells. */
export type NodeImages = readonly NodeTelling[] | undefined;

interface NodeTelling {
  readonly names: ReadonlySet<string>;
  /** A kubelet tells its largest images only: what is not among a whole list may be there all the same. */
  readonly isCut: boolean;
}

/** As many as a kubelet tells when nothing else is set (`nodeStatusMaxImages`). */
const toldImages = 50;

export async function nodeImages(kube: Kube, signal: AbortSignal): Promise<NodeImages> {
  try {
    const { items } = await kube.list(await kindOf(kube, "", "Node"), {}, signal);
    const told = items.map(imagesOfNode);
    return told.some(({ names }) => names.size > 0) ? told : undefined;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}

function imagesOfNode(node: KubeObject): NodeTelling {
  const images = listOf(factsOf(node["status"])["images"]);
  const names = images.flatMap(({ names: told }) => (Array.isArray(told) ? told : []));
  const whole = names.filter((name) => typeof name === "string").map(wholeImageName);
  return { names: new Set(whole), isCut: images.length >= toldImages };
}

/** Whether nodes have an image. Pure. */
export function presence(image: string, nodes: NodeImages): "all" | "some" | "none" | "unknown" {
  if (nodes === undefined) return "unknown";
  const name = wholeImageName(image);
  const having = nodes.filter(({ names }) => names.has(name)).length;
  if (having === nodes.length) return "all";
  if (having > 0) return "some";
  return nodes.some(({ isCut }) => isCut) ? "unknown" : "none";
}

export function imageViews(
  cluster: string | null,
  manifest: readonly ManifestObject[],
  nodes: NodeImages,
): readonly ImageView[] {
  return [...imagesIn(manifest)].map(([image, { policies, workloads }]) => ({
    cluster,
    image,
    pull_policies: [...policies],
    workloads: [...workloads],
    present: presence(image, nodes),
  }));
}
