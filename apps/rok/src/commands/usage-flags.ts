import { Option, type Command } from "commander";

/** The flags of `top`, of applications and of clusters. */
export function usageFlags(command: Command): void {
  const keys = new Option("--sort-by <amount>", "the most first; left out: by name");
  command
    .addOption(keys.choices(["cpu", "memory"]))
    .option("--sum", "a last line with all of them together");
}
