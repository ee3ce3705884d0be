import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { failure, messageOf } from "@octoplane/shared/errors";
import { exitStatus } from "../exit-status.ts";
import type { ImportedObject } from "../krake/import-krake.ts";
import { leaf, type Run } from "../leaf.ts";
import type { Io } from "../io.ts";
import { readSecret } from "../input/secret-flag.ts";
import type { Session } from "../session.ts";
import { layoutTable } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";

interface ImportFlags {
  readonly etcd: string;
  readonly etcdUser?: string;
  readonly etcdPassword?: string;
  readonly etcdPasswordFile?: string;
  readonly etcdCa?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** `rok import krake`: everything that a Krake has stored, with what runs on its clusters. */
export function addImportCommands(run: Run, parent: Command): void {
  const imports = parent.command("import").description("take over what another system manages");
  leaf<ImportFlags>(run, imports, {
    usage: "krake",
    about: "take over all objects of a Krake, out of its etcd, and what runs on its clusters",
    flags: (command) =>
      command
        .requiredOption("--etcd <url>", "address of Krake's etcd, such as http://127.0.0.1:2379")
        .option("--etcd-user <name>", "user of etcd")
        .option("--etcd-password <text>", "its password (KRAKE_ETCD_PASSWORD)")
        .option("--etcd-password-file <file>", "a file with the password")
        .option("--etcd-ca <file>", "authority of etcd's certificate, PEM")
        .option("--etcd-cert <file>", "certificate to show to etcd, PEM")
        .option("--etcd-key <file>", "its key, PEM")
        .option("--replace", "objects that are here already give way")
        .option("--dry-run", "check everything and write nothing"),
    act: async ({ options, session }) => await importAll(options, session),
  });
}

async function importAll(options: ImportFlags, session: Session): Promise<number> {
  const [{ EtcdGateway }, { importKrake }, { printLines, printValue }] = await Promise.all([
    import("../krake/etcd-gateway.ts"),
    import("../krake/import-krake.ts"),
    import("../output/print-resource.ts"),
  ]);
  const { io } = session;
  const etcd = new EtcdGateway({
    url: options.etcd,
    clock: io.clock,
    fetch: await fetchOf(options, io),
    user: options.etcdUser,
    password: await passwordOf(options, io),
  });
  const results = await importKrake({
    client: await session.client(),
    etcd,
    io,
    replace: options.replace === true,
    dryRun: options.dryRun === true,
    onResult: (object) => {
      for (const line of remarksOf(object)) session.note(line);
    },
  });
  if (options.dryRun === true) session.note("a dry run: nothing was written");
  if (session.output === "table") {
    const titles = ["kind", "created", "replaced", "exists", "refused"];
    printLines(session, layoutTable({ titles, rows: rowsOf(results) }, session.layout));
  } else await printValue(session, results);
  return results.some(({ result }) => result === "refused") ? exitStatus.refused : exitStatus.ok;
}

async function fetchOf(options: ImportFlags, io: Io): Promise<typeof globalThis.fetch> {
  const files = {
    ...(await pem(io, "ca", options.etcdCa)),
    ...(await pem(io, "cert", options.etcdCert)),
    ...(await pem(io, "key", options.etcdKey)),
  };
  if (Object.keys(files).length === 0) return globalThis.fetch.bind(globalThis);
  return (await import("../access/tls-fetch.ts")).tlsFetch(files);
}

async function pem(io: Io, name: string, file: string | undefined) {
  if (file === undefined) return {};
  try {
    return { [name]: await readFile(resolve(io.cwd, file), "utf8") };
  } catch (error) {
    throw failure("Invalid", `--etcd-${name}: ${file} cannot be read: ${messageOf(error)}`);
  }
}

async function passwordOf(options: ImportFlags, io: Io): Promise<string | undefined> {
  if (options.etcdUser === undefined) return undefined;
  const source = {
    noun: "etcd-password",
    value: options.etcdPassword,
    file: options.etcdPasswordFile,
    variables: ["KRAKE_ETCD_PASSWORD"],
    ask: true,
  };
  return await readSecret(source, io);
}

/** What a person should know of one object; nothing when it went as it should. */
function remarksOf({ key, result, problems, remarks }: ImportedObject): readonly string[] {
  const title = oneLine(key);
  if (result === "exists") return [`${title}: is here already and was left as it is`];
  return [
    ...problems.map(({ field, message }) => {
      const where = field === "" ? "" : `${oneLine(field)}: `;
      return `${title}: refused: ${where}${oneLine(message)}`;
    }),
    ...remarks.map((remark) => `${title}: ${oneLine(remark)}`),
  ];
}

function rowsOf(results: readonly ImportedObject[]): readonly (readonly string[])[] {
  const plurals = [...new Set(results.map(({ key }) => pluralOf(key)))];
  return plurals.map((plural) => {
    const own = results.filter(({ key }) => pluralOf(key) === plural);
    const count = (wanted: string): string =>
      String(own.filter(({ result }) => result === wanted).length);
    return [plural, ...["created", "replaced", "exists", "refused"].map(count)];
  });
}

function pluralOf(key: string): string {
  return oneLine(key.split("/")[2] ?? "");
}
