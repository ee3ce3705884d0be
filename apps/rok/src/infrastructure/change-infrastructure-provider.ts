import { usageError } from "../exit-status.ts";

/** The flags of `infra provider register` and `update` as they are parsed, with the credentials that were found. */
export interface InfrastructureProviderFlags {
  readonly type?: "im";
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

interface Spec {
  readonly type: string;
  readonly im?: Readonly<Record<string, unknown>>;
}

/** A new specification. A usage error says which credentials are missing. Pure. */
export function newInfrastructureProvider(flags: InfrastructureProviderFlags): Spec {
  if (!flags.token && !(flags.username && flags.password)) {
    throw usageError("expected a token, or a username and a password");
  }
  return changeInfrastructureProvider({ type: "im", im: {} }, flags);
}

/** The specification with what was named changed, and nothing else. Pure. */
export function changeInfrastructureProvider(
  spec: Spec,
  { url, username, password, token }: InfrastructureProviderFlags,
): Spec {
  return {
    ...spec,
    im: {
      ...spec.im,
      ...(url === undefined ? {} : { url }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(token === undefined ? {} : { token }),
    },
  };
}
