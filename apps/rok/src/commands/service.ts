import type { Command } from "commander";
import { leaf, type Run } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";
import { rokVersion } from "../version.ts";

/** `rok whoami`, `rok version` */
export function addServiceCommands(run: Run, parent: Command): void {
  leaf(run, parent, {
    usage: "whoami",
    about: "print who the server takes you for",
    async act({ session }) {
      const [{ demandValueFormat, printLines, printValue }, { layoutFields }] = await Promise.all([
        import("../output/print-resource.ts"),
        import("../output/table.ts"),
      ]);
      demandValueFormat(session);
      const client = await session.client();
      const me = await client.me();
      const found = { ...me, namespace: await session.namespace(), server: client.address };
      if (session.output !== "table") return await printValue(session, found);
      const fields = Object.entries(found).map(([name, value]) => {
        const text = typeof value === "string" ? value : value.join(", ");
        return [name, oneLine(text)] as const;
      });
      printLines(session, layoutFields(fields, session.layout));
    },
  });
  leaf(run, parent, {
    usage: "version",
    about: "print the version of rok and of the server",
    async act({ session }) {
      const { demandValueFormat, printValue } = await import("../output/print-resource.ts");
      demandValueFormat(session);
      const client = rokVersion();
      if (session.output === "table") session.io.out(`rok     ${client}\n`);
      // Without a server the first line still stands, and the exit status tells.
      const { version: server } = await (await session.client()).version();
      if (session.output === "table") return session.io.out(`server  ${oneLine(server)}\n`);
      await printValue(session, { rok: client, server });
    },
  });
}
