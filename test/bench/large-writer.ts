import { workerData } from "node:worker_threads";

/**
 * Writes a large object and lists it, over and over, in a thread of its own: what it costs to send and to take megabytes must not
 * be waited for by the reads that are measured beside it.
 */
export interface LargeWriting {
  readonly address: string;
  readonly token: string;
  /** Of the object, and of a list that holds it alone. */
  readonly path: string;
  readonly list: string;
  /** Bodies in turn, each another one than that before. */
  readonly bodies: readonly string[];
  readonly seconds: number;
}

const { address, token, path, list, bodies, seconds } = workerData as LargeWriting;

async function exchange(method: string, where: string, body: string | null = null): Promise<void> {
  const response = await fetch(`${address}${where}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${method} ${where}: ${response.status}`);
}

const until = performance.now() + seconds * 1_000;
for (let turn = 0; performance.now() < until; turn += 1) {
  await exchange("PUT", path, bodies[turn % bodies.length]!);
  await exchange("GET", list);
}
