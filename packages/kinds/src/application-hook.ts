import type { Application, ApplicationStatus } from "./application.ts";

/** The moments at which an application and Octoplane speak to each other (contract section 6.7). Other names are kept, and mean nothing. */
export const hookNames = ["complete", "shutdown"] as const;
export type HookName = (typeof hookNames)[number];

/** Those that an application has. Pure. */
export function hooksOf({ hooks }: Pick<Application["spec"], "hooks">): readonly HookName[] {
  return hookNames.filter((name) => hooks.includes(name));
}

/** Where what the tokens of a hook are made of stands in the status. */
export function tokenFieldOf(hook: HookName): "complete_token" | "shutdown_token" {
  return `${hook}_token`;
}

/** Where the certificate of a hook stands in the status, and its key. */
export function pairFieldsOf(hook: HookName): {
  readonly certificate: "complete_cert" | "shutdown_cert";
  readonly key: "complete_key" | "shutdown_key";
} {
  return { certificate: `${hook}_cert`, key: `${hook}_key` };
}

/** True when there is something to make tokens of. Pure. */
export function hasToken(status: ApplicationStatus, hook: HookName): boolean {
  return (status[tokenFieldOf(hook)] ?? "") !== "";
}
