import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { Etcd3, type IOptions, type WatchClient } from "etcd3";
import { etcdFailure, isElsewhere, isUnsent } from "./etcd-errors.ts";

export interface EtcdCredentials {
  /** PEM of the authority that signed etcd's certificate; given, the connection is encrypted. */
  readonly ca?: string;
  /** PEM of our certificate and its key, where etcd asks for them. */
  readonly cert?: string;
  readonly key?: string;
  readonly user?: string;
  readonly password?: string;
}

type StreamOptions = NonNullable<Parameters<WatchClient["watch"]>[0]>;
type Interceptor = NonNullable<StreamOptions["interceptors"]>[number];
type FaultHandling = NonNullable<IOptions["faultHandling"]>;

/**
 * One member of the cluster at a time; the next one after a failure. etcd3 would retry and switch
 * on its own, and would send a commit twice whose answer got lost: here a request is repeated only
 * where that is harmless.
 */
export class EtcdConnection {
  readonly #members: readonly string[];
  readonly #clients: (Etcd3 | undefined)[] = [];
  readonly #options: Omit<IOptions, "hosts">;
  #current = 0;
  #isClosed = false;

  constructor(hosts: readonly string[], credentials: EtcdCredentials, clock: Clock) {
    const scheme = credentials.ca === undefined ? "http" : "https";
    this.#members = hosts.map((host) => `${scheme}://${host}`);
    this.#options = clientOptions(credentials, clock);
  }

  /** For work that may be done twice: every member is asked once. */
  read<T>(doing: string, work: (client: Etcd3) => Promise<T>): Promise<T> {
    return this.#each(doing, work, isElsewhere);
  }

  /**
   * For work that must not be done twice: another member is asked only when the first cannot have
   * done it.
   */
  write<T>(doing: string, work: (client: Etcd3) => Promise<T>): Promise<T> {
    return this.#each(doing, work, isUnsent);
  }

  /** The client of the member in use, for streams, and what to call when the stream was lost. */
  stream(): { readonly client: Etcd3; readonly lost: () => void } {
    const member = this.#current;
    return { client: this.#client(member), lost: () => this.#leave(member) };
  }

  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client?.close();
  }

  async #each<T>(
    doing: string,
    work: (client: Etcd3) => Promise<T>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const member = this.#current;
      try {
        return await work(this.#client(member));
      } catch (error) {
        if (isElsewhere(error)) this.#leave(member);
        if (attempt >= this.#members.length || !mayRepeat(error)) throw etcdFailure(error, doing);
      }
    }
  }

  #client(member: number): Etcd3 {
    if (this.#isClosed) throw failure("Unavailable", "the store is closed");
    this.#clients[member] ??= new Etcd3({ ...this.#options, hosts: this.#members[member]! });
    return this.#clients[member];
  }

  /** Of many requests that failed on one member, the first moves on. */
  #leave(member: number): void {
    if (this.#current === member) this.#current = (member + 1) % this.#members.length;
  }
}

function clientOptions(given: EtcdCredentials, clock: Clock): Omit<IOptions, "hosts"> {
  const { ca, cert, key, user, password } = given;
  if ((cert === undefined) !== (key === undefined)) {
    throw failure(
      "Invalid",
      "a client certificate for etcd needs its key, and the key its certificate",
    );
  }
  if (cert !== undefined && ca === undefined) {
    throw failure(
      "Invalid",
      "a client certificate for etcd needs the authority (ca) of etcd's own",
    );
  }
  if ((user === undefined) !== (password === undefined)) {
    throw failure("Invalid", "etcd needs both a user and a password, or neither");
  }
  return {
    ...(ca !== undefined && {
      credentials: {
        rootCertificate: Buffer.from(ca),
        ...(cert !== undefined && { certChain: Buffer.from(cert) }),
        ...(key !== undefined && { privateKey: Buffer.from(key) }),
      },
    }),
    ...(user !== undefined && password !== undefined && { auth: { username: user, password } }),
    grpcOptions: {
      "grpc.keepalive_time_ms": limits.etcdKeepAliveMs,
      "grpc.keepalive_timeout_ms": limits.etcdKeepAliveTimeoutMs,
      "grpc.initial_reconnect_backoff_ms": limits.watchRetryFirstMs,
      "grpc.min_reconnect_backoff_ms": limits.watchRetryFirstMs,
      "grpc.max_reconnect_backoff_ms": limits.watchRetryMostMs,
      // Pages and batches bound an answer; a single one may still hold values above gRPC's 4 MiB
      // together.
      "grpc.max_receive_message_length": -1,
    },
    defaultCallOptions: ({ isStream }) =>
      isStream
        ? { interceptors: [requireLeader] }
        : { deadline: clock.now() + limits.storeTimeoutMs },
    faultHandling: { host: () => passThrough, global: passThrough },
  };
}

/** A member without a leader then ends the stream instead of holding it open in silence. */
const requireLeader: Interceptor = (options, nextCall) => {
  const call = nextCall(options);
  const start = call.start.bind(call);
  call.start = (metadata, listener) => {
    metadata.set("hasleader", "true");
    start(metadata, listener);
  };
  // What `nextCall` gives is such a call; only its declared type is the wider interface.
  return call as ReturnType<Interceptor>;
};

/** A fault policy of etcd3 that does nothing: neither retries nor circuit breakers. */
const passThrough = {
  execute: async <T>(work: (context: { signal: AbortSignal }) => PromiseLike<T> | T): Promise<T> =>
    work({ signal: neverAborted }),
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
} as unknown as NonNullable<FaultHandling["global"]>;

const neverAborted = new AbortController().signal;
