import type { Socket } from "node:net";
import { TLSSocket, type PeerCertificate } from "node:tls";
import type { Clock } from "@octoplane/shared/clock";
import { failure } from "@octoplane/shared/errors";
import { checkIdentity } from "./identity-name.ts";
import { namedUser, type User } from "./user.ts";

/**
 * Who a connection belongs to, by the certificate that its client showed: the common name (CN) is the user, the organisations
 * (O) are the groups. Read once per connection.
 */
export class ClientCertificates {
  readonly #clock: Clock;
  readonly #known = new WeakMap<Socket, User | null>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined` when no certificate was shown; `Unauthenticated` when it is not trusted, is over, or names nobody. */
  userOf(socket: Socket): User | undefined {
    let known = this.#known.get(socket);
    if (known === undefined) {
      known = read(socket);
      this.#known.set(socket, known);
    }
    if (known === null) return undefined;
    if ((known.credential?.end ?? 0) > this.#clock.now()) return known;
    throw failure("Unauthenticated", "the client certificate has expired");
  }
}

function read(socket: Socket): User | null {
  if (!(socket instanceof TLSSocket)) return null;
  const certificate: Partial<PeerCertificate> | null = socket.getPeerCertificate();
  if (!certificate?.subject) return null;
  if (!socket.authorized) {
    // Node's types promise an error; what is there is its code.
    const reason = String(socket.authorizationError);
    throw failure("Unauthenticated", `the client certificate is not trusted (${reason})`);
  }
  const { CN: name, O: organisations } = certificate.subject as {
    readonly CN?: string | readonly string[];
    readonly O?: string | readonly string[];
  };
  if (typeof name !== "string") {
    throw failure("Unauthenticated", "expected one common name (CN) in the client certificate");
  }
  const groups = organisations === undefined ? [] : [organisations].flat();
  checkIdentity("the client certificate", name, groups);
  const [issued, end] = [certificate.valid_from, certificate.valid_to].map((time) =>
    Date.parse(time ?? ""),
  ) as [number, number];
  return namedUser(name, groups, { what: "client certificate", issued, end });
}
