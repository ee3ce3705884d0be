import { failure, isFailure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import type { Clock } from "@octoplane/shared/clock";
import type { ILeaseKeepAliveResponse } from "etcd3";
import type { Lease } from "../store.ts";
import type { EtcdConnection } from "./etcd-connection.ts";
import { etcdFailure } from "./etcd-errors.ts";

/** Grants a lease of whole seconds. One whose answer is lost ends by itself. */
export async function grantLease(
  connection: EtcdConnection,
  clock: Clock,
  seconds: number,
): Promise<Lease> {
  const granted = await connection.read("lease", (client) =>
    client.leaseClient.leaseGrant({ TTL: seconds }),
  );
  const id = granted.ID;
  return {
    id: BigInt(id),
    keepAlive: () => keepAlive(connection, clock, id),
    revoke: () => revoke(connection, id),
  };
}

async function revoke(connection: EtcdConnection, id: string): Promise<void> {
  try {
    await connection.read("revoke", (client) => client.leaseClient.leaseRevoke({ ID: id }));
  } catch (error) {
    // It has ended already, which is what was wanted.
    if (!isFailure(error, "NotFound")) throw error;
  }
}

async function keepAlive(connection: EtcdConnection, clock: Clock, id: string): Promise<void> {
  const answer = await connection.read("keep alive", async (client) => {
    const stream = await client.leaseClient.leaseKeepAlive();
    let cancelTimer = (): void => undefined;
    try {
      return await new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
        cancelTimer = clock.after(limits.storeTimeoutMs, () => {
          reject(etcdFailure(new Error("no answer in time"), "keep alive"));
        });
        stream.on("data", resolve);
        stream.on("error", reject);
        stream.on("end", () => reject(new Error("the stream ended")));
        stream.write({ ID: id });
      });
    } finally {
      cancelTimer();
      stream.cancel();
    }
  });
  if (BigInt(answer.TTL) <= 0n) throw failure("NotFound", "the lease has ended");
}
