import { resolve } from "node:path";
import { isoTime } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import { systemRandom } from "@octoplane/shared/random";
import type { IssueFlags } from "../commands/pki.ts";
import { usageError } from "../exit-status.ts";
import type { Call } from "../leaf.ts";
import { demandValueFormat, printLines, printValue } from "../output/print-resource.ts";
import { layoutFields } from "../output/table.ts";
import { oneLine } from "../output/terminal-text.ts";
import { initFolder, issueIn, readPem, renewIn } from "./authority-folder.ts";
import type { Issued, Moment, Purpose } from "@octoplane/pki/certificate";
import { viewCertificates, type CertificateView } from "./show-certificate.ts";

/** What `rok pki` does. */

export async function init(
  call: Call<{ readonly cn?: string; readonly days?: number }>,
): Promise<void> {
  demandValueFormat(call.session);
  const folder = folderOf(call);
  const moment = momentOf(call, call.options.days ?? limits.authorityDays);
  const issued = await initFolder(folder, call.options.cn ?? "Octoplane authority", moment);
  await tell(call, `${folder}/ca`, issued);
}

export async function issue(call: Call<IssueFlags>): Promise<void> {
  demandValueFormat(call.session);
  const name = call.args[1] ?? "";
  const purpose = purposeFrom(call.options, name);
  const folder = folderOf(call);
  const moment = momentOf(call, call.options.days ?? limits.certificateDays);
  await tell(call, `${folder}/${name}`, await issueIn(folder, name, purpose, moment));
}

export async function renew(call: Call<{ readonly days?: number }>): Promise<void> {
  demandValueFormat(call.session);
  const [, name = ""] = call.args;
  const folder = folderOf(call);
  const { days } = call.options;
  const { now, random } = momentOf(call, days ?? 1);
  await tell(call, `${folder}/${name}`, await renewIn(folder, name, { now, random, days }));
}

export async function show(call: Call<object>): Promise<void> {
  const { session } = call;
  demandValueFormat(session);
  const path = call.args[0] ?? "";
  const text = await readPem(resolve(session.io.cwd, path));
  const views = viewCertificates(text, path, session.io.clock.now());
  if (session.output !== "table") return await printValue(session, views);
  for (const [index, view] of views.entries()) {
    if (index > 0) session.io.out("\n");
    printLines(session, layoutFields(fieldsOf(view), session.layout));
  }
}

function purposeFrom(flags: IssueFlags, name: string): Purpose {
  if ((flags.server === true) === (flags.client === true)) {
    throw usageError("expected one of --server and --client");
  }
  if (flags.client === true) {
    if (flags.host !== undefined) throw usageError("--host is for certificates of servers");
    return { type: "client", user: flags.user ?? name, groups: flags.group ?? [] };
  }
  if (flags.user !== undefined || flags.group !== undefined) {
    throw usageError("--user and --group are for certificates of clients");
  }
  if (flags.host === undefined) throw usageError("expected --host with --server");
  return { type: "server", hosts: flags.host };
}

function folderOf({ args, session }: Call<object>): string {
  return resolve(session.io.cwd, args[0] ?? "");
}

function momentOf({ session }: Call<object>, days: number): Moment {
  if (days < 1 || days > limits.authorityDaysMax) {
    throw usageError(`--days: expected a number from 1 to ${limits.authorityDaysMax}`);
  }
  return { now: session.io.clock.now(), days, random: systemRandom };
}

async function tell({ session }: Call<object>, base: string, issued: Issued): Promise<void> {
  const until = isoTime(issued.notAfter);
  const files = { certificate: `${base}.crt`, key: `${base}.key`, not_after: until };
  if (session.output !== "table") return await printValue(session, files);
  session.io.out(`${oneLine(files.certificate)} and ${oneLine(files.key)}, until ${until}\n`);
}

function fieldsOf(view: CertificateView): readonly (readonly [string, string])[] {
  return Object.entries(view).map(
    ([name, value]: [string, CertificateView[keyof CertificateView]]) => [
      name,
      oneLine(typeof value === "object" ? value.join("\n") : String(value)),
    ],
  );
}
