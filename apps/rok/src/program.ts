import { Command, CommanderError } from "commander";
import { addApplicationCommands } from "./commands/application.ts";
import { addAuthCommands } from "./commands/auth.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addBootstrapCommand } from "./commands/bootstrap.ts";
import { addClusterCommands } from "./commands/cluster.ts";
import { addCloudCommands } from "./commands/cloud.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addConfigCommands } from "./commands/config.ts";
import { addGenericCommands } from "./commands/generic.ts";
import { addImportCommands } from "./commands/import.ts";
import { addInfrastructureProviderCommands } from "./commands/infrastructure-provider.ts";
import { addKeyCommands, addSecretCommands } from "./commands/key.ts";
import { addLoginCommands } from "./commands/login.ts";
import { addMetricCommands } from "./commands/metric.ts";
import { addMetricsProviderCommands } from "./commands/metrics-provider.ts";
import { addOpenStackCommands } from "./commands/openstack.ts";
import { addRunCommands } from "./commands/run.ts";
import { addPolicyCommands } from "./commands/policy.ts";
import { addPkiCommands } from "./commands/pki.ts";
import { addPlanCommands } from "./commands/plan.ts";
import { addRoleCommands } from "./commands/role.ts";
import { addServiceCommands } from "./commands/service.ts";
import { addProxyCommand } from "./commands/streams.ts";
import { addAccountCommands, addTokenCommands } from "./commands/token.ts";
import { commonFlags, type Run } from "./leaf.ts";
import { plainText } from "./output/terminal-text.ts";
import { rokVersion } from "./version.ts";

/** The tree of commands. Building it loads no kind and asks no server. */
export function buildProgram(run: Run): Command {
  const program = new Command("rok")
    .description("Octoplane's command line: applications over many clusters")
    .version(rokVersion(), "-V, --version", "print the version of rok")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false, sortOptions: false })
    .configureOutput({
      writeOut: (text) => run.io.out(text),
      writeErr: (text) => run.io.err(text),
      getOutHelpWidth: () => run.io.columns ?? 100,
      getErrHelpWidth: () => run.io.columns ?? 100,
      outputError: (text, write) => write(`${plainText(text.trim()).replace(/^error:/, "rok:")}\n`),
    })
    .exitOverride((error: CommanderError) => {
      throw error;
    });
  commonFlags(program);
  addGenericCommands(run, program);
  const kube = program
    .command("kube")
    .alias("kubernetes")
    .description("clusters and the applications on them");
  addClusterCommands(run, kube);
  addApplicationCommands(run, kube);
  addRunCommands(run, kube);
  addProxyCommand(run, kube);
  addPolicyCommands(run, kube);
  const core = program.command("core").description("metrics, their providers, roles");
  addMetricCommands(run, core);
  addMetricsProviderCommands(run, core);
  addRoleCommands(run, core);
  addSecretCommands(run, core);
  addTokenCommands(run, core);
  addAccountCommands(run, core);
  const infra = program
    .command("infra")
    .alias("infrastructure")
    .description("clouds, and who makes machines on them");
  addInfrastructureProviderCommands(run, infra);
  addCloudCommands(run, infra);
  const openstack = program
    .command("os")
    .alias("openstack")
    .description("projects of OpenStack and the clusters that Magnum makes in them");
  addOpenStackCommands(run, openstack);
  addPlanCommands(run, program);
  addBootstrapCommand(run, program);
  addBackupCommands(run, program);
  addImportCommands(run, program);
  addServiceCommands(run, program);
  addTokenCommands(run, program);
  addLoginCommands(run, program);
  addAuthCommands(run, program);
  addKeyCommands(run, program);
  addPkiCommands(run, program);
  addConfigCommands(run, program);
  addCompletionCommands(run, program);
  return program;
}
