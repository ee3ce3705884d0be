import { ApplicationKind, type Application } from "@octoplane/kinds/application";
import type { FieldDifference } from "@octoplane/kinds/manifest-difference";
import type { WriteFlags } from "../commands/application.ts";
import { exitStatus } from "../exit-status.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import { wouldBeSpec } from "../kubernetes/write-application.ts";
import type { Call } from "../leaf.ts";
import { fieldLine } from "../output/object-difference-lines.ts";
import { printLines, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";

/** What of the clusters would change, as the server tells it. */
interface PlaceDifference {
  readonly cluster: string;
  readonly object: string;
  readonly change: "added" | "changed" | "replaced" | "removed" | "refused";
  readonly fields: readonly FieldDifference[];
  readonly message?: string;
}

export interface DiffFlags extends WriteFlags {
  readonly cluster?: string;
}

/** `rok kube app diff NAME`: with what stands on its clusters; with flags of `update`, as it would be after them. */
export async function diffApplication(call: Call<DiffFlags>): Promise<number> {
  const { args, options, session } = call;
  const { cluster, ...flags } = options;
  const name = args[0] ?? "";
  const isChange = Object.keys(flags).length > 0;
  const spec = isChange ? await wouldBeSpec({ ...call, options: flags }) : undefined;
  return await showDifferences(session, name, { spec, cluster });
}

/** Asks for the differences and prints them. The exit status is 1 where there are some, as that of diff and kubectl. */
export async function showDifferences(
  session: Session,
  name: string,
  asked: { readonly spec?: Application["spec"] | undefined; readonly cluster?: string | undefined },
): Promise<number> {
  const { transport } = await session.client();
  const path = `${await applicationPath(session, name)}/differences`;
  const { spec, cluster } = asked;
  const { items } = await transport.json<{ readonly items: readonly PlaceDifference[] }>(
    "POST",
    path,
    { body: spec === undefined ? {} : { spec }, query: { cluster } },
  );
  if (session.output === "table") {
    printLines(session, differenceLines(items));
    if (items.length === 0) await tellPlaces(session, name);
  } else await printValue(session, items);
  return items.length === 0 ? exitStatus.ok : exitStatus.failed;
}

/** Nothing is different from nothing, either. */
async function tellPlaces(session: Session, name: string): Promise<void> {
  const objects = (await session.client()).of(ApplicationKind);
  const { status } = await objects.get({ namespace: await session.namespace(), name });
  if (status.scheduled_to === null) session.note("rok: it is on no cluster yet");
}

/** Cluster by cluster, object by object, the fields below. Pure. */
export function differenceLines(items: readonly PlaceDifference[]): readonly string[] {
  if (items.length === 0) return ["nothing is different"];
  return [...Map.groupBy(items, ({ cluster }) => cluster)].flatMap(([cluster, differences]) => [
    oneLine(`on ${cluster}`),
    ...differences.flatMap(({ object, change, fields, message }) => [
      `  ${oneLine(`${object} ${change}${message === undefined ? "" : `: ${message}`}`)}`,
      ...fields.map((field) => `    ${fieldLine(field)}`),
    ]),
  ]);
}
