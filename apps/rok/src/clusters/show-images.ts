import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { PlaceFlags } from "./show-objects.ts";

/** An image on a cluster, as the server tells of it. */
interface ImageAnswer {
  readonly cluster: string | null;
  readonly image: string;
  readonly pull_policies: readonly string[];
  readonly workloads: readonly string[];
  readonly present: string;
}

/** `rok kube app images NAME`: what has to be pulled where. */
export async function showImages({ args, options, session }: Call<PlaceFlags>): Promise<void> {
  const path = `${await applicationPath(session, args[0] ?? "")}/images`;
  const { transport } = await session.client();
  const { items } = await transport.json<{ readonly items: readonly ImageAnswer[] }>("GET", path, {
    query: { cluster: options.cluster },
  });
  if (session.output !== "table") return await printValue(session, items);
  printTable(session, {
    titles: ["image", "cluster", "on nodes", "pull policy", "workloads"],
    rows: items.map(({ image, cluster, present, pull_policies: policies, workloads }) =>
      [image, cluster ?? "", present, policies.join(", "), workloads.join(", ")].map(oneLine),
    ),
  });
}
