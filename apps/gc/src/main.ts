import { runProcess } from "@octoplane/process/run-process";
import { GcConfigSchema } from "./config.ts";
import { start } from "./start.ts";

await runProcess({
  name: "gc",
  schema: GcConfigSchema,
  krakeFile: "garbage_collector.yaml",
  start,
});
