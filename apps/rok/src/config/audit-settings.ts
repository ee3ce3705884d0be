import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { failure } from "@octoplane/shared/errors";
import { krakeFileOf, type KrakeFile } from "@octoplane/shared/krake-settings/krake-keys";
import {
  isKrakes,
  translateSettings,
  valueAt,
} from "@octoplane/shared/krake-settings/translate-settings";
import { readSettingsFile } from "@octoplane/shared/settings-file";
import {
  weakAccess,
  weakFiles,
  weakStore,
  type SecretFile,
  type Weakness,
} from "@octoplane/shared/weak-settings";
import { exitStatus } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { demandValueFormat, printLines, printValue } from "../output/print-resource.ts";
import { oneLine } from "../output/terminal-text.ts";

/** `rok config audit`: exit status 1 when something is found. */
export async function audit({ args, session }: Call<object>): Promise<number> {
  demandValueFormat(session);
  const named = args.filter((path) => path !== undefined);
  const paths = named.length > 0 ? named : await findFiles(session.io.cwd);
  if (paths.length === 0) {
    throw failure(
      "Invalid",
      "no settings of a server are here or in /etc/octoplane; name some files",
    );
  }
  const found: (Weakness & { readonly file: string })[] = [];
  for (const path of paths) {
    const weak = await auditFile(resolve(session.io.cwd, path));
    // A key file that several processes share is told of once.
    const isKnown = ({ at }: Weakness): boolean =>
      isAbsolute(at) && found.some((other) => other.at === at);
    found.push(...weak.filter((one) => !isKnown(one)).map((one) => ({ file: path, ...one })));
  }
  if (session.output !== "table") await printValue(session, found);
  else if (found.length === 0) session.io.out("nothing was found\n");
  else
    printLines(
      session,
      found.map(({ file, at, text }) => oneLine(`${file}: ${at}: ${text}`)),
    );
  return found.length === 0 ? exitStatus.ok : exitStatus.failed;
}

/** What is weak in one file of settings, ours or Krake's; the files that it names are looked for beside it. */
export async function auditFile(path: string): Promise<readonly Weakness[]> {
  const { values } = await readSettingsFile(path);
  const name = Object.values(krakeFileOf).find((file) => file === basename(path)) ?? "api.yaml";
  const settings = isKrakes(values) ? translated(values, name) : values;
  const text = (at: string, byDefault: string): string => {
    const value = valueAt(settings, at);
    return typeof value === "string" ? value : byDefault;
  };
  const orNull = (at: string): string | null => text(at, "") || null;
  const access =
    name === "api.yaml"
      ? weakAccess({
          listen: text("listen", "127.0.0.1:8080"),
          authorization: text("authorization", "RBAC"),
          tls: { enabled: valueAt(settings, "tls.enabled") === true },
          authentication: {
            allow_anonymous: valueAt(settings, "authentication.allow_anonymous") === true,
            static_users: orNull("authentication.static_users"),
            cors_origin: orNull("authentication.cors_origin"),
            strategy: {
              static: {
                enabled: valueAt(settings, "authentication.strategy.static.enabled") === true,
                name: text("authentication.strategy.static.name", "system"),
              },
            },
          },
        })
      : [];
  return [
    ...access,
    ...weakStore({ store: text("store", ""), store_auth: { ca: orNull("store_auth.ca") } }),
    ...weakFiles(await secretFiles(settings, dirname(path), name)),
  ];
}

function translated(
  values: Readonly<Record<string, unknown>>,
  file: KrakeFile,
): Readonly<Record<string, unknown>> {
  return translateSettings(values, { file, isOwn: () => true, isGiven: () => true }).settings;
}

/** The files with secrets that settings name, or that are taken when they name none. */
async function secretFiles(
  settings: unknown,
  folder: string,
  name: KrakeFile,
): Promise<readonly SecretFile[]> {
  const defaults: Readonly<Record<string, string | undefined>> = {
    sealing_key_file: "sealing.key",
    token_key_file: name === "api.yaml" ? "token.key" : undefined,
    "tls.key": undefined,
    "store_auth.key": undefined,
    "store_auth.password_file": undefined,
  };
  const named = Object.entries(defaults).map(
    ([at, byDefault]) => valueAt(settings, at) ?? byDefault,
  );
  const more = valueAt(settings, "token_keys");
  const paths = [...named, ...(Array.isArray(more) ? more : [])].filter(
    (path): path is string => typeof path === "string",
  );
  const found = await Promise.all(
    paths.map(async (path) => {
      const file = resolve(folder, path);
      return await stat(file).then(
        ({ mode }) => [{ path: file, mode }],
        () => [],
      );
    }),
  );
  return found.flat();
}

/** The settings of processes here, or else of this machine. */
export async function findFiles(cwd: string): Promise<readonly string[]> {
  for (const folder of [cwd, "/etc/octoplane"]) {
    const paths = Object.values(krakeFileOf).map((file) => join(folder, file));
    const there = await Promise.all(
      paths.map((path) =>
        stat(path).then(
          () => true,
          () => false,
        ),
      ),
    );
    const found = paths.filter((_, index) => there[index]);
    if (found.length > 0) return found;
  }
  return [];
}
