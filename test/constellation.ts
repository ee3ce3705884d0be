import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAs } from "@octoplane/kinds/read-input";
import { silentLog } from "@octoplane/shared/log";
import { StandaloneConfigSchema, type StandaloneConfig } from "@octoplane/standalone/config";
import { start, type Standalone } from "@octoplane/standalone/start";
import type { Store } from "@octoplane/store/store";
import { Rest } from "./rest.ts";

/** The whole of Octoplane in this process, on a free port and in a folder of its own. */
export interface Constellation extends AsyncDisposable {
  readonly rest: Rest;
  readonly address: string;
  readonly dataDir: string;
  readonly adminToken: string;
  /** The store of the process that runs now: for a second one over the same data. */
  readonly store: Store;
  /** Stops everything and starts it again on the same data; something may happen meanwhile. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
}

/** Settings for tests: everything that waits for a while waits for a short one. */
const quick = {
  log_level: "silent",
  scheduler: { reschedule_after: 0.3, metrics: { interval: 0.1 } },
  cluster_controller: {
    probe_interval: 0.25,
    probe_retry: 0.1,
    probe_timeout: 2,
    probe_failures: 2,
    discovery_interval: 0.5,
  },
};

export async function openConstellation(
  options: {
    readonly storeUrl?: string;
    readonly settings?: object;
    /** Sends the requests of `rest`. */
    readonly send?: typeof fetch;
  } = {},
): Promise<Constellation> {
  const dataDir = await mkdtemp(join(tmpdir(), "octoplane-test-"));
  const config = readAs<StandaloneConfig>(StandaloneConfigSchema, {
    ...quick,
    ...options.settings,
    data_dir: dataDir,
    listen: "127.0.0.1:0",
  });
  const other = options.storeUrl === undefined ? undefined : { url: options.storeUrl, options: {} };
  const open = async (): Promise<Standalone> => await start(config, silentLog, other);
  let running = await open();
  return {
    rest: new Rest(
      () => running.address,
      () => running.adminToken,
      options.send,
    ),
    get address() {
      return running.address;
    },
    get adminToken() {
      return running.adminToken;
    },
    dataDir,
    get store() {
      return running.store;
    },
    async restart(meanwhile) {
      await running[Symbol.asyncDispose]();
      await meanwhile?.();
      running = await open();
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
