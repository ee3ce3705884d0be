import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { refuseElsewhere, type Answer, type BoundedFetch } from "./bounded-fetch.ts";
import {
  asFetched,
  authorization,
  fetchParts,
  recordOf,
  refused,
  withoutSlash,
  type Fetched,
  type FetchValues,
} from "./provider.ts";

/**
 * Values from a table of ksqlDB, in front of Kafka: the row whose comparison column holds the provider's metric, by a pull
 * query (ksqlDB REST API, `POST /query`). One query asks for many rows; for one it is that of Krake.
 */
export function ksqldbFetcher(send: BoundedFetch): FetchValues {
  return async ({ kafka }, names, signal) => {
    const { url = "", table = "", comparison_column = "", value_column = "" } = kafka ?? {};
    const place = { table, comparison: comparison_column, value: value_column };
    const type = "application/vnd.ksql.v1+json";
    return await fetchParts(names, limits.metricsNamesMax, async (part) => {
      const answer = await send(
        {
          url: `${withoutSlash(url)}/query`,
          method: "POST",
          headers: { ...authorization(kafka ?? {}), accept: type, "content-type": type },
          body: JSON.stringify({ ksql: pullQuery(place, part), streamsProperties: {} }),
          ca: kafka?.ca ?? undefined,
        },
        signal,
      );
      return readRows(rowsOf(answer), part);
    });
  };
}

export interface TablePlace {
  readonly table: string;
  readonly comparison: string;
  readonly value: string;
}

/** Pure. */
export function pullQuery(place: TablePlace, names: readonly string[]): string {
  const [table, comparison, value] = [place.table, place.comparison, place.value].map(identifier);
  const texts = names.map((name) => `'${name.replaceAll("'", "''")}'`);
  // A server that is too old for IN still answers for a single metric.
  const condition = texts.length === 1 ? `= ${texts[0]}` : `IN (${texts.join(", ")})`;
  return `SELECT ${comparison}, ${value} FROM ${table} WHERE ${comparison} ${condition};`;
}

/** As it stands when it is a plain or a quoted name; anything else is quoted, so that it cannot be more than a name. */
function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || /^`([^`]|``)+`$/.test(name)) return name;
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * The columns of every row. An answer is one array of `{header}`, `{row: {columns}}` and perhaps a last message, or the same
 * objects a line each; a refusal is one object with a message.
 */
export function rowsOf(answer: Answer): readonly (readonly unknown[])[] {
  refuseElsewhere(answer);
  const { host, status } = answer;
  const parts = partsOf(answer).map(recordOf);
  const error = parts.find((part) => isError(part) || status >= 400);
  if (error) {
    const reason = recordOf(error["errorMessage"])["message"] ?? error["message"];
    const text = typeof reason === "string" ? reason : JSON.stringify(error);
    const message = `${host} answered ${status}: ${text}`;
    throw failure("Unavailable", message.slice(0, limits.messageCharsMax));
  }
  return parts.flatMap((part) => {
    const { columns } = recordOf(part["row"]);
    return Array.isArray(columns) ? [columns as readonly unknown[]] : [];
  });
}

function isError(part: Readonly<Record<string, unknown>>): boolean {
  const hasMessage = part["errorMessage"] !== undefined && part["errorMessage"] !== null;
  return hasMessage || part["error_code"] !== undefined;
}

function partsOf({ host, status, text }: Answer): readonly unknown[] {
  const read = (json: string): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      return undefined;
    }
  };
  const whole = read(text);
  if (Array.isArray(whole)) return whole;
  if (whole !== undefined) return [whole];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const parts = lines.map(read);
  if (lines.length > 0 && parts.every((part) => part !== undefined)) return parts;
  throw failure("Unavailable", `${host} answered ${status}, and not with JSON`);
}

/** Of several rows with one name, as windowed tables give them, nobody can say which is meant. Pure. */
export function readRows(
  rows: readonly (readonly unknown[])[],
  names: readonly string[],
): ReadonlyMap<string, Fetched> {
  return new Map(
    names.map((name) => {
      const [row, second] = rows.filter(([key]) => key === name);
      if (second) return [name, refused(`expected one row for ${name}, got several`)];
      return [name, row ? asFetched(row[1]) : refused(`the table has no row for ${name}`)];
    }),
  );
}
