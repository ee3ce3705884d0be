import type { OctoplaneDocument } from "../objects/octoplane-document.ts";
import { nameOf, printValue } from "./print-resource.ts";
import type { Session } from "../session.ts";
import { isFailure } from "@octoplane/shared/errors";
import { errorLines } from "../error-lines.ts";
import { exitStatus, exitStatusOf } from "../exit-status.ts";

/** What became of one object of many. */
export interface ObjectResult {
  readonly result: string;
  readonly api: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

/**
 * Tells what becomes of each of many objects: as a line each while it happens, or all at the end in
 * the format that was asked for. What fails is said at once, and the rest still gets its turn.
 */
export class ObjectResults {
  readonly #session: Session;
  readonly #remark: string;
  readonly #results: ObjectResult[] = [];
  /** That of the first failure. */
  status: number = exitStatus.ok;

  constructor(session: Session, { dryRun }: { readonly dryRun?: boolean | undefined }) {
    this.#session = session;
    this.#remark = dryRun === true ? " (dry run)" : "";
  }

  add(result: ObjectResult): void {
    this.#results.push(result);
    if (this.#session.output !== "table") return;
    this.#session.io.out(`${nameOf(result)} ${result.result}${this.#remark}\n`);
  }

  /** Whose it is stands in front of each line: a file and a line, or a name. */
  fail(error: unknown, place: string): void {
    for (const line of errorLines(error, this.#session.access)) {
      // What is not there is named by the error itself.
      const isPlaced = isFailure(error, "NotFound") || line.startsWith(`rok: ${place}`);
      this.#session.note(isPlaced ? line : line.replace(/^rok: /, `rok: ${place}: `));
    }
    this.status ||= exitStatusOf(error);
  }

  async print(): Promise<number> {
    if (this.#session.output !== "table") await printValue(this.#session, this.#results);
    return this.status;
  }
}

export function resultOf(
  result: string,
  { kind, name }: Pick<OctoplaneDocument, "kind" | "name">,
  namespace: string | undefined,
): ObjectResult {
  return { result, api: kind.api, kind: kind.kind, namespace: namespace ?? null, name };
}
