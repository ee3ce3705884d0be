import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A metrics provider at its worst: below each path it answers as Prometheus or InfluxDB would, but for the one thing that the
 * path is called after. Written from the public documentation of both (`GET /api/v1/query`; "Annotated CSV").
 */
export class BadSource implements AsyncDisposable {
  /** How often each path was asked. */
  readonly asked = new Map<string, number>();
  readonly #server: Server;
  #elsewhere = "";

  private constructor() {
    this.#server = createServer((request, response) => {
      const [, path = ""] = (request.url ?? "").split("/");
      this.asked.set(path, (this.asked.get(path) ?? 0) + 1);
      request.resume();
      this.#answer(path, response);
    });
  }

  static async open(): Promise<BadSource> {
    const source = new BadSource();
    await new Promise<void>((done) => source.#server.listen(0, "127.0.0.1", done));
    return source;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where the path `redirect` leads. */
  redirectTo(url: string): void {
    this.#elsewhere = url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #answer(path: string, response: ServerResponse): void {
    if (path === "html") response.end("<!doctype html><title>Sign in</title>");
    else if (path === "nothing") response.end();
    else if (path === "no-series") response.end(vector([]));
    else if (path === "redirect") {
      response.writeHead(302, { location: this.#elsewhere }).end(vector([series("0.99")]));
    } else if (path === "million") sendMillion(response);
    else if (path === "late") response.end(measured(Date.now() - 600_000));
    else if (path !== "hang") response.end(vector([series(texts[path] ?? "0.5")]));
  }
}

/** What a sample may say instead of a number between 0 and 1. */
const texts: Readonly<Record<string, string>> = {
  nan: "NaN",
  infinity: "+Inf",
  text: "much",
  high: "1.01",
  low: "-3",
};

function series(value: string, metric: object = {}): object {
  return { metric, value: [0, value] };
}

function vector(result: readonly object[]): string {
  return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
}

/** A million series, written as fast as they are read, until nobody reads any more. */
function sendMillion(response: ServerResponse): void {
  response.write('{"status":"success","data":{"resultType":"vector","result":[');
  let sent = 0;
  const more = (): void => {
    while (sent < 1_000_000 && !response.destroyed) {
      sent += 100;
      const some = Array.from({ length: 100 }, (_, index) =>
        JSON.stringify(series("0.9", { job: `job-${sent - index}` })),
      );
      if (!response.write(`${some.join()},`)) return void response.once("drain", more);
    }
    response.end(`${JSON.stringify(series("0.9"))}]}}`);
  };
  more();
}

/** InfluxDB's last value of a measurement, measured then. */
function measured(time: number): string {
  const at = new Date(time).toISOString();
  const header = ",result,table,_start,_stop,_time,_value,_field,_measurement";
  return [header, `,_result,0,${at},${at},${at},0.9,value,late`, "", ""].join("\r\n");
}
