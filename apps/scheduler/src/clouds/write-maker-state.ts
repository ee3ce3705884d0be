import { CloudKind, GlobalCloudKind, type Cloud } from "@octoplane/kinds/cloud";
import { ProjectKind } from "@octoplane/kinds/project";
import { refOf } from "@octoplane/resources/keys";
import type { Resources } from "@octoplane/resources/resources";
import { isoTime } from "@octoplane/shared/clock";
import { withMetricsCondition } from "../metrics-condition.ts";
import type { Maker, MakerBook } from "./maker-book.ts";

/** What is known of the metrics of a cloud or a project, into its status; only when that is news. */
export async function writeMakerState(
  { resources, makers }: { readonly resources: Resources; readonly makers: MakerBook },
  key: string,
): Promise<void> {
  const maker = makers.maker(key);
  const readings = maker && makers.readings(maker);
  if (!maker || !readings) return;
  const change = (current: Pick<Maker, "metadata" | "status">) => {
    const { generation } = current.metadata;
    const now = isoTime(resources.parts.clock.now());
    const status = withMetricsCondition({ status: current.status, generation }, readings, now);
    return status && { status };
  };
  const [ref, { uid }] = [refOf(maker), maker.metadata];
  if ("openstack" in maker.spec) {
    const kind = maker.kind === CloudKind.kind ? CloudKind : GlobalCloudKind;
    await resources.of(kind).updateStatus(ref, uid, change, maker as Cloud);
    return;
  }
  await resources.of(ProjectKind).updateStatus(ref, uid, change);
}
