import type { KubeObject } from "@octoplane/kube/kube";

/**
 * Whose an object is. The label selects everything of ours with one watch per kind and tells applications apart; the
 * annotation tells people. Two applications never fight over one object, because the second sees the first one's mark.
 */
export const ownerLabel = "octoplane.io/application";
export const nameAnnotation = "octoplane.io/application-name";
/** The digest of what was applied last: tells when another process, late with an older manifest, came after us. */
export const digestAnnotation = "octoplane.io/applied";

export interface Owner {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export function marked(object: KubeObject, owner: Owner): KubeObject {
  const { labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...labels, [ownerLabel]: owner.uid },
      annotations: { ...annotations, [nameAnnotation]: `${owner.namespace}/${owner.name}` },
    },
  };
}

/** The object as it is sent: with the digest of all the rest. */
export function stamped(object: KubeObject, digest: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [digestAnnotation]: digest };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The uid of the application that an object belongs to, if it belongs to one. */
export function ownerOf(object: KubeObject): string | undefined {
  return object.metadata.labels?.[ownerLabel];
}

/** `namespace/name` of that application, as its mark tells it. */
export function ownerNameOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[nameAnnotation];
}
