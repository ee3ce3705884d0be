import { KubeError } from "@octoplane/kube/kube";
import { failure } from "@octoplane/shared/errors";

/** What a cluster did not do, as a problem of the closed set that names the cluster; anything else stays what it is. */
export function kubeProblem(error: unknown, cluster: string): unknown {
  if (!(error instanceof KubeError)) return error;
  const { status, message } = error;
  switch (status) {
    case 400:
    case 422:
      return failure("Invalid", message, { cause: error });
    case 404:
      return failure("NotFound", `${message} on cluster ${cluster}`, { cause: error });
    case 401:
    case 403: {
      const text = `cluster ${cluster} does not let Octoplane do that: ${message}`;
      return failure("Unavailable", text, { cause: error });
    }
    default:
      return failure("Unavailable", `cluster ${cluster}: ${message}`, { cause: error });
  }
}

/** Work on a cluster, whose failures become problems. */
export async function onCluster<T>(cluster: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw kubeProblem(error, cluster);
  }
}
