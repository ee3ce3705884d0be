import type { Command } from "commander";
import type { AnyResource } from "@octoplane/kinds/kind";
import {
  changeMagnumCluster,
  type MagnumClusterFlags,
} from "../infrastructure/change-magnum-cluster.ts";
import { changeProject, newProject, type ProjectFlags } from "../infrastructure/change-project.ts";
import type { Run } from "../leaf.ts";
import {
  collect,
  collectLabel,
  collectPair,
  readApplicationCredential,
  readInteger,
} from "../input/option-values.ts";
import { readSecret } from "../input/secret-flag.ts";
import type { Session } from "../session.ts";
import { addDelete, addGet, addList } from "./resource.ts";
import { addWrites, option } from "./write.ts";
import { lazyKind } from "../objects/lazy-kind.ts";

const projects = lazyKind(
  "project",
  "namespaced",
  "ProjectKind",
  () => import("@octoplane/kinds/project"),
);

const clusters = lazyKind(
  "Magnum cluster",
  "namespaced",
  "MagnumClusterKind",
  () => import("@octoplane/kinds/magnum-cluster"),
);

/** `rok os project …` and `rok os cluster …` */
export function addOpenStackCommands(run: Run, parent: Command): void {
  const project = parent.command("project").description("projects in which Magnum makes clusters");
  addList(run, project, projects);
  addGet(run, project, projects);
  addWrites<ProjectFlags>(run, project, projects, {
    verb: "create",
    flags: projectFlags,
    complete: completeProject,
    make: newProject,
    change: (current, flags) =>
      changeProject(current as AnyResource & Parameters<typeof changeProject>[0], flags),
  });
  addDelete(run, project, projects);
  const cluster = parent.command("cluster").description("clusters that Magnum makes");
  addList(run, cluster, clusters);
  addGet(run, cluster, clusters);
  addWrites<MagnumClusterFlags>(run, cluster, clusters, {
    verb: "create",
    flags: clusterFlags,
    make: (name, flags) => changeMagnumCluster({ metadata: { name }, spec: {} }, flags),
    change: (current, flags) =>
      changeMagnumCluster(
        current as AnyResource & Parameters<typeof changeMagnumCluster>[0],
        flags,
      ),
  });
  addDelete(run, cluster, clusters);
}

function projectFlags(command: Command, isNew: boolean): void {
  option(command, "--template <uuid>", "the cluster template of Magnum", isNew);
  command
    .option("--auth-url <url>", "address of the Identity service ($OS_AUTH_URL)")
    .option(
      "--application-credential <id secret>",
      "better: $OS_APPLICATION_CREDENTIAL_ID and $OS_APPLICATION_CREDENTIAL_SECRET",
      readApplicationCredential,
    )
    .option("--user-id <id>", "whom to log in as ($OS_USER_ID)")
    .option("--password <password>", "better: --password-file, $OS_PASSWORD or being asked")
    .option("--password-file <path>", "a file with the password, or -")
    .option("--project-id <id>", "the project ($OS_PROJECT_ID)");
  commonFlags(command, "project", isNew);
}

function clusterFlags(command: Command, isNew: boolean): void {
  if (isNew) command.option("--master-count <count>", "fixed once created", readInteger);
  command
    .option("--node-count <count>", "how many nodes work", readInteger)
    .option("-L, --project-label-constraint <text>", 'such as "location is DE" (repeat)', collect);
  commonFlags(command, "cluster", isNew);
  if (isNew) return;
  command.option(
    "--remove-existing-project-label-constraints",
    "remove all label constraints first",
  );
}

function commonFlags(command: Command, noun: string, isNew: boolean): void {
  command
    .option("--metric <name weight>", "a metric of the namespace that counts (repeat)", collectPair)
    .option("--global-metric <name weight>", "a global metric that counts (repeat)", collectPair)
    .option("-l, --label <key=value>", `label of the ${noun} (repeat)`, collectLabel);
  if (isNew) return;
  command
    .option("--remove-existing-labels", "remove all labels first")
    .option("--remove-existing-metrics", "remove all metrics first");
}

/** OpenStack's own variables fill what is left out of a new project; an update changes what is named. */
async function completeProject(
  flags: ProjectFlags,
  { io }: Session,
  isNew: boolean,
): Promise<ProjectFlags> {
  const variable = (name: string): string | undefined =>
    isNew ? io.environment(name) || undefined : undefined;
  const byPassword = flags.userId !== undefined || flags.password !== undefined;
  const id = variable("OS_APPLICATION_CREDENTIAL_ID");
  const secret = variable("OS_APPLICATION_CREDENTIAL_SECRET");
  const found = byPassword || id === undefined || secret === undefined ? undefined : { id, secret };
  const applicationCredential = flags.applicationCredential ?? found;
  const userId = flags.userId ?? variable("OS_USER_ID");
  const isMissing = isNew && applicationCredential === undefined && userId !== undefined;
  const password = await readSecret(
    {
      noun: "password",
      value: flags.password,
      file: flags.passwordFile,
      variables: isMissing ? ["OS_PASSWORD"] : [],
      ask: isMissing,
    },
    io,
  );
  const completed = {
    ...flags,
    authUrl: flags.authUrl ?? variable("OS_AUTH_URL"),
    projectId: flags.projectId ?? variable("OS_PROJECT_ID"),
    userId,
    password,
    applicationCredential,
  };
  return Object.fromEntries(
    Object.entries(completed).filter(([, value]) => value !== undefined),
  ) as ProjectFlags;
}
