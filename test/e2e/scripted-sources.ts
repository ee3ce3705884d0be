import { messageOf } from "@octoplane/shared/errors";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * One server that answers as InfluxDB 2, as ksqlDB and as a plain JSON document, each with the same numbers. InfluxDB and
 * ksqlDB cannot be installed here: this is written from their public documentation ("Query with the InfluxDB API" and
 * "Annotated CSV"; "Run a query" of the ksqlDB REST API), and knows of their languages only what it is asked.
 */
export class ScriptedSources implements AsyncDisposable {
  readonly values = new Map<string, number>();
  /** The last body that each path was asked with. */
  readonly asked = new Map<string, string>();
  isDown = false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(messageOf(error));
      });
    });
  }

  static async open(): Promise<ScriptedSources> {
    const sources = new ScriptedSources();
    await new Promise<void>((done) => sources.#server.listen(0, "127.0.0.1", done));
    return sources;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
    this.asked.set(pathname, body);
    const { authorization } = request.headers;
    if (this.isDown) response.writeHead(503).end("down");
    else if (pathname === "/api/v2/query") {
      if (authorization !== "Token influx-77" || searchParams.get("org") !== "org") {
        response.writeHead(401).end('{"code":"unauthorized","message":"unauthorized access"}');
      } else response.setHeader("content-type", "text/csv").end(this.#influx(body));
    } else if (pathname === "/query") {
      if (authorization !== `Basic ${Buffer.from("ksql:ksql-77").toString("base64")}`) {
        response.writeHead(401).end("{}");
      } else response.end(this.#ksqldb(body));
    } else if (request.headers["x-key"] === "http-77") {
      response.end(JSON.stringify({ values: Object.fromEntries(this.values) }));
    } else response.writeHead(403).end("{}");
  }

  #influx(body: string): string {
    const { query } = JSON.parse(body) as { readonly query: string };
    const names = [...query.matchAll(/r\._measurement == "([^"]+)"/g)].map(([, name]) => name);
    const time = new Date().toISOString();
    const rows = names.flatMap((name, index) => {
      const value = this.values.get(name ?? "");
      return value === undefined
        ? []
        : [`,_result,${index},${time},${time},${time},${value},value,${name}`];
    });
    const header = ",result,table,_start,_stop,_time,_value,_field,_measurement";
    return [header, ...rows, "", ""].join("\r\n");
  }

  #ksqldb(body: string): string {
    const { ksql } = JSON.parse(body) as { readonly ksql: string };
    const names = [...ksql.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? "");
    const rows = names
      .filter((name) => this.values.has(name))
      .map((name) => ({ row: { columns: [name, this.values.get(name)] } }));
    const header = { header: { queryId: "query_1", schema: "`NAME` STRING, `VALUE` DOUBLE" } };
    return JSON.stringify([header, ...rows]);
  }
}
