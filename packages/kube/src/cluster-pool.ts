import { limits } from "@octoplane/shared/limits";
import { buildConnector, Pool, ProxyAgent, type Dispatcher } from "undici";
import { peerCertificateEnd } from "./certificate-end.ts";
import type { KubeLogin } from "./kube-login.ts";

/**
 * Up to so many connections to a cluster, by its TLS and through its proxy. `onConnected` gets the end of the server's
 * certificate for each new one that goes there directly.
 */
export function openPool(
  login: KubeLogin,
  connections: number,
  onConnected: (serverCertificateEnd: number | undefined) => void,
): Dispatcher {
  const options = {
    connections,
    // One request a connection at a time: a stuck one must not hold others behind it.
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: limits.kubeIdleConnectionMs,
    keepAliveMaxTimeout: limits.kubeIdleConnectionMs,
    // The limits of time are ours, over the whole request, and by the clock that was handed in.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const connect = {
    // The connector negotiates by itself: what is said to the pool does not reach it, and HTTP/2 has no upgrades.
    allowH2: false,
    timeout: limits.kubeConnectMs,
    keepAlive: true,
    keepAliveInitialDelay: limits.kubeIdleConnectionMs,
  };
  if (login.proxyUrl === undefined) {
    const connector = buildConnector({ ...login.tls, ...connect });
    return new Pool(login.origin, {
      ...options,
      connect: (target, done) =>
        connector(target, (error, socket) => {
          if (error) return done(error, null);
          onConnected(peerCertificateEnd(socket));
          done(null, socket);
        }),
    });
  }
  return new ProxyAgent({
    ...options,
    uri: login.proxyUrl,
    requestTls: { ...login.tls, allowH2: false },
    connect,
  });
}
