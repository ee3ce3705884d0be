import type { WorkloadName } from "@octoplane/kinds/workload";
import { usageError } from "../exit-status.ts";

/** The workloads of a command line: `web`, `deploy/web`, `web@shop` with its namespace. Pure. */
export function readWorkload(text: string): WorkloadName {
  const match = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(text);
  const [, kind, name, namespace] = match ?? [];
  if (name === undefined) {
    throw usageError(`expected a workload such as web, deploy/web or web@shop, found ${text}`);
  }
  return {
    ...(kind === undefined ? {} : { kind }),
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** `web=5`. Pure. */
export function readReplicas(text: string): WorkloadName & { readonly replicas: number } {
  const [workload, count] = split(text, "web=5");
  if (!/^\d{1,9}$/.test(count)) {
    throw usageError(`expected a number of replicas such as web=5, found ${text}`);
  }
  return { ...readWorkload(workload), replicas: Number(count) };
}

/** `app=image:tag` of each container; `*` for all. Pure. */
export function readImages(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [container, image] = split(text, "app=registry.example.org/app:2");
      if (image === "") throw usageError(`expected an image after ${container}=`);
      return [container, image];
    }),
  );
}

function split(text: string, example: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw usageError(`expected something such as ${example}, found ${text}`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
