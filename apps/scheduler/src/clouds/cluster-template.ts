import { readFile } from "node:fs/promises";
import type { Reason } from "@octoplane/kinds/metadata";
import { checkTosca } from "@octoplane/kinds/tosca";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { readDocuments } from "@octoplane/shared/manifest-yaml";
import { textOf } from "@octoplane/shared/text-of";

/** The TOSCA template of the clusters that are made for applications, or why there is none. */
export type ClusterTemplate =
  | { readonly tosca: Readonly<Record<string, unknown>> }
  | { readonly problem: Reason };

/** Never throws: applications are placed on existing clusters without it, and their decisions say what is wrong. */
export async function readClusterTemplate(file: string | null): Promise<ClusterTemplate> {
  if (file === null) {
    const message =
      "no template for new clusters is configured (automatic_cluster_creation.tosca_file)";
    return { problem: { code: "NoTemplate", message } };
  }
  try {
    const text = await readFile(file, "utf8");
    if (text.length > limits.clusterTemplateBytesMax) throw failure("TooLarge", "it is too large");
    const { documents } = readDocuments(text, file);
    const [tosca, ...others] = documents;
    if (!isObject(tosca) || others.length > 0) {
      throw failure("Invalid", "expected one TOSCA template");
    }
    const [problem] = checkTosca("tosca", tosca, ["kubeconfig"]);
    if (problem) throw failure("Invalid", `${problem.field}: ${problem.message}`);
    return { tosca };
  } catch (error) {
    const why = error instanceof Error ? error.message : textOf(error);
    const message = `the template of new clusters cannot be used: ${why}`.slice(
      0,
      limits.messageCharsMax,
    );
    return { problem: { code: "TemplateUnusable", message } };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
