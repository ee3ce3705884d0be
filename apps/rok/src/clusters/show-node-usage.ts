import { objectPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { printTable, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";
import {
  cpuText,
  memoryText,
  shareText,
  sortedByUsage,
  type AmountsAnswer,
  type UsageFlags,
} from "../output/usage-text.ts";

interface Used {
  readonly used: AmountsAnswer;
  readonly allocatable: AmountsAnswer;
}

interface NodeUsageList {
  readonly items: readonly (Used & { readonly name: string })[];
  readonly total: Used;
}

/** `rok kube cluster top`: what nodes use, and the share of what Pods can have there. */
export async function showNodeUsage({ args, options, session }: Call<UsageFlags>): Promise<void> {
  const path = `${await objectPath(session, "clusters", args[0] ?? "")}/usage`;
  const { transport } = await session.client();
  const { items, total } = await transport.json<NodeUsageList>("GET", path);
  const sorted = sortedByUsage(items, options.sortBy);
  if (session.output !== "table") {
    const named = sorted.map(({ name }) => ({ kind: "Node", name }));
    return await printValue(session, session.output === "name" ? named : sorted);
  }
  const shown = [...sorted, ...(options.sum === true ? [{ ...total, name: "all" }] : [])];
  printTable(session, {
    titles: ["node", "cpu", "cpu %", "memory", "memory %"],
    rows: shown.map(({ name, used, allocatable }) =>
      [
        name,
        cpuText(used),
        shareText(used.cpu_cores, allocatable.cpu_cores),
        memoryText(used),
        shareText(used.memory_bytes, allocatable.memory_bytes),
      ].map(oneLine),
    ),
  });
}
