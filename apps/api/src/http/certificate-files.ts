import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { constants } from "node:crypto";
import type { Clock } from "@octoplane/shared/clock";
import { failure, messageOf } from "@octoplane/shared/errors";
import type { Log } from "@octoplane/shared/log";
import { Reload } from "@octoplane/process/reload";
import type { ApiConfig } from "../config.ts";

type TlsConfig = ApiConfig["tls"];

/**
 * The server's certificate, its key, and the authority of its clients (PEM), as the TLS server takes them. `Invalid` names
 * the file that is missing or wrong, or says that certificate and key do not belong together.
 */
export async function readCertificates(config: TlsConfig): Promise<SecureContextOptions> {
  const cert = await readNamed("tls.cert", config.cert);
  const key = await readNamed("tls.key", config.key);
  const ca =
    config.client_ca === null ? undefined : await readNamed("tls.client_ca", config.client_ca);
  const options: SecureContextOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: "TLSv1.2",
    // A resumed session would keep the identity of a client whose authority is no longer trusted.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw failure("Invalid", `tls: certificate, key and authority do not do: ${messageOf(error)}`);
  }
  return options;
}

async function readNamed(field: string, path: string | null): Promise<string> {
  if (path === null) throw failure("Invalid", `${field}: expected a file, because tls is enabled`);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw failure("Invalid", `${field} ${path} cannot be read: ${messageOf(error)}`);
  }
}

/**
 * Looks at the files from time to time and hands over what they hold once that has changed and does: while somebody
 * replaces them one by one, and when they are wrong, the server goes on with the certificate it has.
 */
export function reloadCertificates(
  config: TlsConfig,
  current: SecureContextOptions,
  apply: (options: SecureContextOptions) => void,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Disposable {
  return new Reload<SecureContextOptions>({
    current,
    intervalMs: config.reload_interval * 1_000,
    clock,
    read: () => readCertificates(config),
    apply(options) {
      apply(options);
      log.info("the certificates were changed; new connections use the new ones");
    },
    onProblem: (problem) =>
      log.warn({ problem }, "the certificates on disk do not do; the old ones stay"),
  });
}
