import { changedLabels, weighed, type MetricRef } from "../kubernetes/change-application.ts";
import { usageError } from "../exit-status.ts";
import type { NamedNumber } from "../input/option-values.ts";

/** The flags of `os project create` and `update` as they are parsed, with what the environment adds. */
export interface ProjectFlags {
  readonly template?: string;
  readonly authUrl?: string;
  readonly applicationCredential?: ApplicationCredential;
  readonly userId?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly projectId?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly metric?: readonly NamedNumber[];
  readonly globalMetric?: readonly NamedNumber[];
  readonly removeExistingLabels?: boolean;
  readonly removeExistingMetrics?: boolean;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly secret: string;
}

interface ProjectLike {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly auth?: {
      readonly type?: string;
      readonly password?: { readonly user?: object; readonly project?: object };
    };
    readonly metrics?: readonly MetricRef[];
  };
}

/** A new project. A usage error names what is missing. Pure. */
export function newProject(name: string, flags: ProjectFlags): ProjectLike {
  const { userId, password, projectId, authUrl, applicationCredential } = flags;
  if (!authUrl) throw usageError("expected --auth-url or $OS_AUTH_URL");
  if (!applicationCredential && !(userId && password && projectId)) {
    throw usageError(
      "expected --application-credential, or a user, a password and a project: --user-id ($OS_USER_ID), " +
        "--password-file ($OS_PASSWORD), --project-id ($OS_PROJECT_ID)",
    );
  }
  return changeProject({ metadata: { name }, spec: {} }, flags);
}

/** The project with what was named changed, and nothing else. Pure. */
export function changeProject<P extends ProjectLike>(project: P, flags: ProjectFlags): P {
  const metrics = flags.removeExistingMetrics === true ? [] : (project.spec.metrics ?? []);
  return {
    ...project,
    metadata: { ...project.metadata, labels: changedLabels(project.metadata, flags) },
    spec: {
      ...project.spec,
      ...(flags.authUrl === undefined ? {} : { url: flags.authUrl }),
      ...(flags.template === undefined ? {} : { template: flags.template }),
      auth: authOf(project.spec.auth, flags),
      metrics: weighed(metrics, flags),
    },
  };
}

function authOf(before: ProjectLike["spec"]["auth"], flags: ProjectFlags): object {
  const { applicationCredential, userId, password, projectId } = flags;
  if (applicationCredential) {
    return { type: "application_credential", application_credential: applicationCredential };
  }
  if (userId === undefined && password === undefined && projectId === undefined) {
    return before ?? {};
  }
  const { user, project } = before?.password ?? {};
  return {
    type: "password",
    password: {
      user: {
        ...user,
        ...(userId === undefined ? {} : { id: userId }),
        ...(password === undefined ? {} : { password }),
      },
      project: { ...project, ...(projectId === undefined ? {} : { id: projectId }) },
    },
  };
}
