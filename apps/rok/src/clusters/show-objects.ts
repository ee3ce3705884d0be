import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";

export interface PlaceFlags {
  readonly cluster?: string;
}

/** An object of an application as it stands, as the server tells of it. */
interface StandingObject {
  readonly cluster: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly health: string;
  readonly reason: string | null;
  readonly message: string | null;
  readonly pods: { readonly desired: number; readonly running: number } | null;
}

/** `rok kube app objects NAME`: how each of its objects is doing at this moment, and why. */
export async function showObjects({ args, options, session }: Call<PlaceFlags>): Promise<void> {
  const path = `${await applicationPath(session, args[0] ?? "")}/objects`;
  const { transport } = await session.client();
  const { items } = await transport.json<{ readonly items: readonly StandingObject[] }>(
    "GET",
    path,
    { query: { cluster: options.cluster } },
  );
  if (session.output !== "table") return await printValue(session, items);
  printTable(session, {
    titles: ["object", "namespace", "cluster", "health", "pods", "reason", "message"],
    rows: items.map(({ group, kind, name, namespace, cluster, health, pods, reason, message }) =>
      [
        `${group === "" ? kind : `${kind}.${group}`}/${name}`,
        namespace ?? "",
        cluster,
        health,
        pods === null ? "" : `${pods.running}/${pods.desired}`,
        reason ?? "",
        message ?? "",
      ].map(oneLine),
    ),
  });
}
