import { runProcess } from "@octoplane/process/run-process";
import { SchedulerConfigSchema } from "./config.ts";
import { start } from "./start.ts";

await runProcess({
  name: "scheduler",
  schema: SchedulerConfigSchema,
  krakeFile: "scheduler.yaml",
  start,
});
