import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { isWide, printTable, printValue } from "../output/print-resource.ts";
import type { Table } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";
import {
  cpuText,
  memoryText,
  shareText,
  sortedByUsage,
  type AmountsAnswer,
  type UsageFlags,
} from "../output/usage-text.ts";
import type { PlaceFlags } from "./show-pods.ts";

/** `rok kube app top` */

export interface TopFlags extends PlaceFlags, UsageFlags {
  readonly containers?: boolean;
}

interface Used {
  readonly used: AmountsAnswer;
  readonly requests: AmountsAnswer;
  readonly limits: AmountsAnswer;
}

interface PodUsageAnswer extends Used {
  readonly name: string;
  readonly owner: string;
  readonly containers: readonly (Used & { readonly name: string })[];
}

interface PodUsageList {
  readonly items: readonly PodUsageAnswer[];
  readonly total: Used;
  readonly truncated: boolean;
}

export async function showUsage({ args, options, session }: Call<TopFlags>): Promise<void> {
  const path = `${await applicationPath(session, args[0] ?? "")}/usage`;
  const { transport } = await session.client();
  const list = await transport.json<PodUsageList>("GET", path, {
    query: { cluster: options.cluster },
  });
  if (session.output === "table") printTable(session, usageTable(list, options, isWide(session)));
  else {
    const items = sortedByUsage(list.items, options.sortBy);
    const named = items.map(({ name }) => ({ kind: "Pod", name }));
    await printValue(session, session.output === "name" ? named : items);
  }
  if (list.truncated) session.note("rok: there are more Pods than are counted");
}

interface Row extends Used {
  readonly names: readonly string[];
}

function usageTable({ items, total }: PodUsageList, options: TopFlags, wide: boolean): Table {
  const withContainers = options.containers === true;
  const rows: readonly Row[] = withContainers
    ? items.flatMap((pod) =>
        pod.containers.map((one) => ({ ...one, names: [pod.name, one.name, pod.owner] })),
      )
    : items.map((pod) => ({ ...pod, names: [pod.name, pod.owner] }));
  const titles = ["pod", ...(withContainers ? ["container"] : []), "workload"];
  const last = { ...total, names: titles.map((_, index) => (index === 0 ? "all" : "")) };
  const shown = [...sortedByUsage(rows, options.sortBy), ...(options.sum === true ? [last] : [])];
  return {
    titles: [...titles, ...amountTitles, ...(wide ? ["cpu limit", "memory limit"] : [])],
    rows: shown.map(({ names, used, requests, limits }) =>
      [
        ...names,
        cpuText(used),
        cpuText(requests),
        shareText(used.cpu_cores, requests.cpu_cores),
        memoryText(used),
        memoryText(requests),
        shareText(used.memory_bytes, requests.memory_bytes),
        ...(wide ? [cpuText(limits), memoryText(limits)] : []),
      ].map(oneLine),
    ),
  };
}

const amountTitles = ["cpu", "cpu request", "cpu %", "memory", "memory request", "memory %"];
