import { anonymous, namedUser, type User } from "./user.ts";

/** What an application calls with the token that it was given: `…/applications/:name/complete` and `/shutdown`. */
const calls: readonly { readonly route: RegExp; readonly user: User }[] = [
  "complete",
  "shutdown",
].map((hook) => ({
  route: new RegExp(`/applications/:name/${hook}$`),
  // The names that Krake gives to its hooks, with the roles that come with every installation.
  user: namedUser(`system:${hook}-hook`),
}));

/**
 * Who calls a hook without credentials: a user that has the right to that one call, where the token in the body says which
 * application it is and whether it may. Whoever shows credentials, or is somebody without any, is that. Pure.
 */
export function hookUserOf(
  request: { readonly method: string; readonly route: string | undefined },
  hasCredentials: boolean,
  withoutCredentials: User | undefined,
): User | undefined {
  const isSomebody = withoutCredentials !== undefined && withoutCredentials !== anonymous;
  if (hasCredentials || isSomebody || request.method !== "PUT") return undefined;
  return calls.find(({ route }) => route.test(request.route ?? ""))?.user;
}
