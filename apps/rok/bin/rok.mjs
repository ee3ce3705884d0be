#!/usr/bin/env node
// Plain JavaScript that an older Node runs too: starts the program here, or with the Node that came
// with `npm install`.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);

// TypeScript runs as it is since 22.18 and 23.6.
if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) {
  await import("../src/main.ts");
} else {
  const node = findNode(dirname(fileURLToPath(import.meta.url)));
  if (node === undefined) {
    process.stderr.write(
      `rok: Node 22.18 or later is needed, this is ${process.versions.node}; ` +
        "npm install in the checkout brings one along\n",
    );
    process.exitCode = 1;
  } else {
    const { spawn } = await import("node:child_process");
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
    // Ctrl-C reaches the child by itself, for it shares the terminal; the rest is handed on.
    process.on("SIGINT", () => undefined);
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      process.stderr.write(`rok: ${node} cannot be started: ${error.message}\n`);
      process.exitCode = 1;
    });
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
    });
  }
}

function findNode(from) {
  const names = process.platform === "win32" ? ["node.exe"] : ["node"];
  for (let folder = from; ; folder = dirname(folder)) {
    for (const name of names) {
      for (const place of [
        ["node_modules", ".bin"],
        ["node_modules", "node", "bin"],
      ]) {
        const path = join(folder, ...place, name);
        if (existsSync(path)) return path;
      }
    }
    if (dirname(folder) === folder) return undefined;
  }
}
