import type { Command } from "commander";
import { exitStatus, usageError } from "../exit-status.ts";
import { leaf, type Call, type Run } from "../leaf.ts";

export interface CanIFlags {
  readonly list?: boolean;
  readonly all?: boolean;
}

/** `rok auth can-i` */
export function addAuthCommands(run: Run, parent: Command): void {
  const auth = parent.command("auth").description("what you may do");
  leaf<CanIFlags>(run, auth, {
    usage: "can-i [verb] [resource] [name]",
    about:
      "say whether you may (exit status 0) or not (1); roles know no single objects, a name changes nothing",
    flags: (command) =>
      command
        .option("--list, --as-list", "everything that you may do")
        .option("-a, --all", "in any namespace at all"),
    act: async (call: Call<CanIFlags & { readonly asList?: boolean }>) => {
      const { canI, listRules } = await import("../access/rights.ts");
      const [verb, resource] = call.args;
      if (call.options.asList === true || call.options.list === true) {
        if (verb !== undefined) throw usageError("--list: expected no verb beside it");
        return await listRules(call.session);
      }
      if (verb === undefined || resource === undefined) {
        throw usageError("expected a verb and a resource, such as: can-i create applications");
      }
      const isAllowed = await canI(call.session, {
        verb,
        resource,
        everywhere: call.options.all === true,
      });
      return isAllowed ? exitStatus.ok : exitStatus.failed;
    },
  });
}
