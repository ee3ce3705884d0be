import { connectKube } from "@octoplane/kube/http-kube";
import { KubePool } from "@octoplane/kube/kube-pool";
import { runProcess } from "@octoplane/process/run-process";
import { disposeAll } from "@octoplane/shared/lifecycle";
import { AppControllerConfigSchema, type AppControllerConfig } from "./config.ts";
import { start } from "./start.ts";

await runProcess<AppControllerConfig>({
  name: "app-controller",
  schema: AppControllerConfigSchema,
  krakeFile: "kubernetes_application.yaml",
  async start(config, parts) {
    const { clock } = parts.resources.parts;
    const kubes = new KubePool((kubeconfig) => connectKube(kubeconfig, { clock, log: parts.log }));
    const controller = await start(config, { ...parts, kubes });
    return { [Symbol.asyncDispose]: () => disposeAll([kubes, controller]) };
  },
});
