import type { CandidateVerdict, Decision } from "@octoplane/kinds/decision";
import type { ResourceRef } from "@octoplane/kinds/metadata";
import { nameOf, numberText } from "./decision-text.ts";
import { scoreOfOne } from "./explain-page.ts";
import { layoutTable, type Layout } from "./table.ts";
import { oneLine, shortTime } from "./terminal-text.ts";

/** What the page needs to know of the cluster itself. */
export interface ExplainedCluster {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly kubeconfig: object };
  readonly status: { readonly state: string; readonly scheduled_to: ResourceRef | null };
}

/** Why a cluster is made on the cloud that it is made on, or on none, as a page for people. Pure. */
export function cloudPage(
  cluster: ExplainedCluster,
  decision: Decision | undefined,
  layout: Layout = {},
): readonly string[] {
  const { metadata, spec, status } = cluster;
  const bound = status.scheduled_to;
  const place =
    bound !== null
      ? `on ${titleOf(bound.kind)} ${nameOf(bound)}`
      : Object.keys(spec.kubeconfig).length > 0
        ? "it was registered, and needs no cloud"
        : "on no cloud";
  const head = `${oneLine(metadata.name)} is ${oneLine(status.state)}: ${place}`;
  if (!decision) return [head, "no decision has been made about it"];
  const { chosen, candidates, candidates_total: total, candidates_fitting: fitting } = decision;
  const rows = candidates.map((row) => [
    titleOf(row.kind),
    nameOf(row.cluster),
    row.fits ? "yes" : "no",
    row.score === null ? "" : numberText(row.score),
    remarkOf(row, decision),
  ]);
  const best = candidates.filter(({ cluster: { name, namespace } }) =>
    [chosen, decision.runner_up].some((one) => one?.name === name && one.namespace === namespace),
  );
  const hidden = total - candidates.length;
  return [
    head,
    `decision ${decision.sequence} of ${shortTime(decision.time)} (generation ${decision.generation})`,
    `reason: ${oneLine(decision.reason.message)}`,
    "",
    total === 0
      ? "there is no cloud in its namespace, and no global one"
      : `${fitting} of ${total} clouds fit`,
    ...(total === 0
      ? []
      : layoutTable({ titles: ["kind", "cloud", "fits", "score", "remark"], rows }, layout)),
    ...(hidden > 0 ? ["", `and ${hidden} more that are not listed`] : []),
    ...best.flatMap((row) => ["", ...scoreOfOne(row, decision.time, layout)]),
  ];
}

function remarkOf(row: CandidateVerdict, { chosen }: Decision): string {
  const { name, namespace } = row.cluster;
  if (chosen?.name === name && chosen.namespace === namespace) return "chosen";
  return row.verdicts
    .filter(({ fits }) => !fits)
    .map(({ message }) => oneLine(message))
    .join("; ");
}

/** `cloud`, `global cloud`. */
function titleOf(kind: string | undefined): string {
  return kind === "GlobalCloud" ? "global cloud" : "cloud";
}
