/** Plain HTTP to a server under test: the status and the JSON, whatever they are. */

export interface RestAnswer<T = Json> {
  readonly status: number;
  readonly body: T;
}

/** Test code reads answers of many shapes; what is missing shows as `undefined` in an assertion. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

export class Rest {
  readonly #address: () => string;
  readonly #token: () => string;
  readonly #fetch: typeof fetch;

  /** `send` is for a server whose authority is known to nobody else. */
  constructor(address: () => string, token: () => string, send: typeof fetch = fetch) {
    this.#address = address;
    this.#token = token;
    this.#fetch = send;
  }

  async call(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    const response = await this.#fetch(`${this.#address()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** The body of an answer that must be 200. */
  async ok(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.call(method, path, body);
    if (answer.status !== 200) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Reads, changes, writes back, and again when somebody else was faster. */
  async change(path: string, edit: (body: Json) => void): Promise<Json> {
    for (let attempt = 0; ; attempt += 1) {
      const body = await this.ok("GET", path);
      edit(body);
      const answer = await this.call("PUT", path, body);
      if (answer.status === 200) return answer.body;
      if (answer.status !== 409 || attempt >= 5) {
        throw new Error(`PUT ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      }
    }
  }
}
