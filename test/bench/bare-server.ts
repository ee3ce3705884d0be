import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { fastify } from "fastify";

/**
 * The baseline of the REST figures: a bare web server that validates a body of the same size and gives it back, reads one
 * object from memory, and lists 400 of them.
 */
const dataDir = process.argv[process.argv.indexOf("--data-dir") + 1]!;
writeFileSync(join(dataDir, "admin.token"), "none");
const sample = JSON.parse(
  readFileSync(join(import.meta.dirname, "application.json"), "utf8"),
) as object;
const items = Array.from({ length: 400 }, () => sample);
const app = fastify();
const body = {
  type: "object",
  required: ["metadata", "spec"],
  properties: { metadata: { type: "object" }, spec: { type: "object" } },
};
app.post("/echo", { schema: { body } }, async (request) => request.body);
app.get("/one", async () => sample);
app.get("/list", async () => ({ items }));
await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`);
process.once("SIGTERM", () => void app.close());
