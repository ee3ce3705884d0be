import type { Command } from "commander";
import { readSeconds } from "../input/option-values.ts";

/** For commands that can wait for what they asked for: `states` says for which, and for which when none is named. */
export function waitFlags(command: Command, states: string): void {
  command
    .option("--wait [state]", `until it is ${states}`)
    .option("--timeout <time>", "give up waiting after this (5m)", readSeconds);
}
