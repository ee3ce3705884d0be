import type { KubeObject } from "@octoplane/kube/kube";

/**
 * Whose an object is. The label selects everything of ours with one watch per kind and tells applications apart; the
 * annotation tells people. Two applications never fight over one object, because the second sees the first one's mark.
 */
export const ownerLabel = "octoplane.io/application";
export const nameAnnotation = "octoplane.io/application-name";

/** The field manager under which we apply. */
export const fieldManager = "octoplane";

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

/** The uid of the application that an object belongs to, if it belongs to one. */
export function ownerOf(object: KubeObject): string | undefined {
  return object.metadata.labels?.[ownerLabel];
}
