import { ApplicationKind } from "./application.ts";
import { AuditRecordKind } from "./audit-record.ts";
import { CloudKind, GlobalCloudKind } from "./cloud.ts";
import { ClusterKind } from "./cluster.ts";
import {
  GlobalInfrastructureProviderKind,
  InfrastructureProviderKind,
} from "./infrastructure-provider.ts";
import { anyKind, type AnyKind } from "./kind.ts";
import { MagnumClusterKind } from "./magnum-cluster.ts";
import { GlobalMetricKind, MetricKind } from "./metric.ts";
import { GlobalMetricsProviderKind, MetricsProviderKind } from "./metrics-provider.ts";
import { GlobalPlacementPolicyKind, PlacementPolicyKind } from "./placement-policy.ts";
import { ProjectKind } from "./project.ts";
import { RoleBindingKind } from "./role-binding.ts";
import { RoleKind } from "./role.ts";
import { RunKind } from "./run.ts";
import { ServiceAccountKind } from "./service-account.ts";
import { TokenRevocationKind } from "./token-revocation.ts";

/** Every kind that people write; adding one is a file and a line here. */
export const kinds: readonly AnyKind[] = [
  anyKind(RoleKind),
  anyKind(RoleBindingKind),
  anyKind(GlobalMetricsProviderKind),
  anyKind(MetricsProviderKind),
  anyKind(GlobalMetricKind),
  anyKind(MetricKind),
  anyKind(ClusterKind),
  anyKind(ApplicationKind),
  anyKind(RunKind),
  anyKind(GlobalPlacementPolicyKind),
  anyKind(PlacementPolicyKind),
  anyKind(ProjectKind),
  anyKind(MagnumClusterKind),
  anyKind(GlobalInfrastructureProviderKind),
  anyKind(InfrastructureProviderKind),
  anyKind(GlobalCloudKind),
  anyKind(CloudKind),
  anyKind(ServiceAccountKind),
  anyKind(TokenRevocationKind),
];

/** Kinds that the server writes, and clients only read. */
export const recordKinds: readonly AnyKind[] = [anyKind(AuditRecordKind)];

/** The kind that goes by this name (`Application`), or none. */
export function kindNamed(api: string, kind: string): AnyKind | undefined {
  return kinds.find((candidate) => candidate.api === api && candidate.kind === kind);
}
