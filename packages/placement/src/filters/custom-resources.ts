import type { Filter } from "../filter.ts";

/** The cluster serves every custom resource that the application asks for (`plural.group`). */
export const customResourcesFilter: Filter = {
  name: "custom_resources",
  prepare(app) {
    const wanted = app.spec.constraints.cluster.custom_resources;
    return (candidate) => {
      for (const name of wanted) {
        if (candidate.customResources.has(name)) continue;
        const what = candidate.kind === undefined ? "the cluster does" : "a new cluster would";
        return { reason: "CustomResourceMissing", message: `${what} not serve ${name}` };
      }
      return undefined;
    };
  },
};
