import { changedLabels, weighed, type MetricRef } from "../kubernetes/change-application.ts";
import { usageError } from "../exit-status.ts";
import type { NamedNumber } from "../input/option-values.ts";

/** The flags of `infra cloud register` and `update` as they are parsed, with the password that was found. */
export interface CloudFlags {
  readonly type?: "openstack";
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly project?: string;
  readonly domainName?: string;
  readonly domainId?: string;
  readonly infraProvider?: string;
  readonly globalInfraProvider?: string;
  readonly metric?: readonly NamedNumber[];
  readonly globalMetric?: readonly NamedNumber[];
  readonly label?: Readonly<Record<string, string>>;
  readonly removeExistingLabels?: boolean;
  readonly removeExistingMetrics?: boolean;
}

interface Block {
  readonly metrics?: readonly MetricRef[];
  readonly auth?: {
    readonly password?: { readonly user?: object; readonly project?: object };
  };
  readonly [field: string]: unknown;
}

interface CloudLike {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly type: string; readonly openstack?: Block };
}

/** A new cloud. A usage error says what is missing or too much. Pure. */
export function newCloud(name: string, flags: CloudFlags): CloudLike {
  if (flags.infraProvider === undefined && flags.globalInfraProvider === undefined) {
    throw usageError("expected an infrastructure provider");
  }
  if (!flags.password) {
    throw usageError("expected a password: --password-file, $OS_PASSWORD or --password");
  }
  return changeCloud({ metadata: { name }, spec: { type: "openstack" } }, flags);
}

/** The cloud with what was named changed, and nothing else. Pure. */
export function changeCloud<C extends CloudLike>(cloud: C, flags: CloudFlags): C {
  if (flags.infraProvider !== undefined && flags.globalInfraProvider !== undefined) {
    throw usageError("expected either --infra-provider or --global-infra-provider, not both");
  }
  const block = cloud.spec.openstack ?? {};
  const password = block.auth?.password ?? {};
  const user = given({
    username: flags.username,
    password: flags.password,
    domain_name: flags.domainName,
  });
  const project = given({ name: flags.project, domain_id: flags.domainId });
  const metrics = flags.removeExistingMetrics === true ? [] : (block.metrics ?? []);
  return {
    ...cloud,
    metadata: { ...cloud.metadata, labels: changedLabels(cloud.metadata, flags) },
    spec: {
      ...cloud.spec,
      openstack: {
        ...block,
        ...given({ url: flags.url, infrastructure_provider: providerOf(flags) }),
        auth: {
          ...block.auth,
          type: "password",
          password: {
            ...password,
            user: { ...password.user, ...user },
            project: { ...password.project, ...project },
          },
        },
        metrics: weighed(metrics, flags),
      },
    },
  };
}

function providerOf({ infraProvider, globalInfraProvider }: CloudFlags): object | undefined {
  const name = infraProvider ?? globalInfraProvider;
  return name === undefined ? undefined : { name, namespaced: infraProvider !== undefined };
}

/** Without what was not named. */
function given(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
