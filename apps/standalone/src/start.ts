import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { start as startApi } from "@octoplane/api/start";
import { openTokenKeys } from "@octoplane/api/auth/token-keys";
import { start as startAppController } from "@octoplane/app-controller/start";
import { start as startClusterController } from "@octoplane/cluster-controller/start";
import { start as startGc } from "@octoplane/gc/start";
import { connectKube } from "@octoplane/kube/http-kube";
import { KubePool } from "@octoplane/kube/kube-pool";
import { makeKeyFile } from "@octoplane/process/key-file";
import { openSealingKeys } from "@octoplane/process/sealing-keys";
import { version } from "@octoplane/process/version";
import { Resources } from "@octoplane/resources/resources";
import { start as startScheduler } from "@octoplane/scheduler/start";
import { systemClock } from "@octoplane/shared/clock";
import { disposeAll, type Running } from "@octoplane/shared/lifecycle";
import type { Log } from "@octoplane/shared/log";
import { Metrics } from "@octoplane/shared/metrics";
import { systemRandom } from "@octoplane/shared/random";
import { openStore, type StoreOptions } from "@octoplane/store/open";
import type { Store } from "@octoplane/store/store";
import { writeAddress, writeAdminToken } from "./access-files.ts";
import type { StandaloneConfig } from "./config.ts";

export interface Standalone extends Running {
  readonly address: string;
  readonly adminToken: string;
  readonly store: Store;
}

/**
 * Every part of Octoplane in this process, over one store: the embedded one in the data directory, or the one whose URL is
 * given. What was started is stopped again when a later part cannot start.
 */
export async function start(
  config: StandaloneConfig,
  log: Log,
  other?: { readonly url: string; readonly options: StoreOptions },
): Promise<Standalone> {
  const dataDir = resolve(config.data_dir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const parts: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    parts.push(part);
    return part;
  };
  try {
    const clock = systemClock;
    const random = systemRandom;
    const url = other?.url ?? `lmdb://${encodeURI(join(dataDir, "store"))}`;
    const store = keep(await openStore(url, other?.options ?? {}, { clock, random, log }));
    const { sealing, tokens } = await openKeys(config, dataDir, log);
    keep(sealing);
    keep(tokens);
    const { sealer } = sealing;
    const { signer } = tokens;
    const metrics = new Metrics();
    metrics.collectProcess();
    const resources = keep(new Resources({ store, sealer, clock, random }, log));
    const kubes = keep(new KubePool((kubeconfig) => connectKube(kubeconfig, { clock, log })));
    const shared = { resources, log, metrics };
    keep(await startGc({}, shared));
    keep(await startScheduler(config.scheduler, shared));
    keep(await startClusterController(config.cluster_controller, { ...shared, kubes }));
    const adminToken = await writeAdminToken(dataDir, signer);
    tokens.keys.follow((ring) => {
      signer.replaceKeys(ring);
      writeAdminToken(dataDir, signer).catch((error: unknown) =>
        log.error({ err: error }, "the administrator's token cannot be written"),
      );
    });
    const lookAtKeys = async (): Promise<void> => {
      await Promise.all([sealing.keys.look(), tokens.keys.look()]);
    };
    const api = keep(
      await startApi(
        { ...config.api, listen: config.listen },
        { ...shared, signer, version, lookAtKeys },
      ),
    );
    // Behind the API, whose address applications are told.
    const { address: apiAddress } = api;
    keep(await startAppController(config.app_controller, { ...shared, kubes, apiAddress }));
    keep(await writeAddress(dataDir, api.address));
    return {
      address: api.address,
      adminToken,
      store,
      [Symbol.asyncDispose]: () => disposeAll(parts),
    };
  } catch (error) {
    await disposeAll(parts);
    throw error;
  }
}

/** The keys of the data directory, made at the first start, and followed from then on. */
async function openKeys(config: StandaloneConfig, dataDir: string, log: Log) {
  const random = systemRandom;
  const reloadMs = config.key_reload_interval * 1_000;
  const parts = { clock: systemClock, random, log, reloadMs };
  const make = (path: string): Promise<void> => makeKeyFile(path, random);
  const sealing = await openSealingKeys(join(dataDir, "sealing.key"), parts, make);
  // Files that are named must be there; only our own is made.
  const named = config.token_keys;
  const tokens =
    named.length > 0
      ? await openTokenKeys(named, parts)
      : await openTokenKeys([join(dataDir, "token.key")], parts, make);
  return { sealing, tokens };
}
