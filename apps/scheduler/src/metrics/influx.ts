import { failure } from "@octoplane/shared/errors";
import { limits } from "@octoplane/shared/limits";
import { refuseElsewhere, type Answer, type BoundedFetch } from "./bounded-fetch.ts";
import { parseCsv } from "./csv.ts";
import {
  asFetched,
  fetchParts,
  recordOf,
  refused,
  withoutSlash,
  type Fetched,
  type FetchValues,
} from "./provider.ts";

/**
 * Values from an InfluxDB 2 server: the provider's metric is a measurement of the bucket, and its value the last one of the
 * past hour, as Krake asks for it (InfluxDB v2 API, `POST /api/v2/query`: Flux in, annotated CSV out). One query asks for
 * many measurements.
 */
export function influxFetcher(send: BoundedFetch): FetchValues {
  return async ({ influx }, names, signal) => {
    const { url = "", token = "", org = "", bucket = "", ca } = influx ?? {};
    const query = `${withoutSlash(url)}/api/v2/query?org=${encodeURIComponent(org)}`;
    return await fetchParts(names, limits.metricsNamesMax, async (part) => {
      const answer = await send(
        {
          url: query,
          method: "POST",
          headers: {
            authorization: `Token ${token}`,
            accept: "application/csv",
            "content-type": "application/json",
          },
          body: JSON.stringify({
            type: "flux",
            query: lastValues(bucket, part),
            dialect: { header: true, delimiter: ",", annotations: [] },
          }),
          ca: ca ?? undefined,
        },
        signal,
      );
      const rows = recordsOf(csvOf(answer));
      return new Map(part.map((name) => [name, readSeries(rows, name)]));
    });
  };
}

/** The Flux query for the last value of each series of these measurements. Pure. */
export function lastValues(bucket: string, names: readonly string[]): string {
  const wanted = names.map((name) => `r._measurement == ${fluxText(name)}`).join(" or ");
  return [
    `from(bucket: ${fluxText(bucket)})`,
    `range(start: -${limits.metricsInfluxRange})`,
    `filter(fn: (r) => ${wanted})`,
    "last()",
  ].join(" |> ");
}

/** A string literal of Flux, in which `${` would begin an expression. Pure. */
export function fluxText(text: string): string {
  const escaped = text
    .replace(/["\\]/g, "\\$&")
    .replaceAll("${", "\\${")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** Refusals come as JSON with a code and a message, what fails on the way as a table with a column `error`. */
function csvOf(answer: Answer): string {
  const { host, status, text } = answer;
  refuseElsewhere(answer);
  if (status === 200) return text;
  let message: unknown;
  try {
    message = recordOf(JSON.parse(text))["message"];
  } catch {
    message = undefined;
  }
  const reason = typeof message === "string" ? `: ${message}` : "";
  throw failure(
    "Unavailable",
    `${host} answered ${status}${reason}`.slice(0, limits.messageCharsMax),
  );
}

type Row = Readonly<Record<string, string>>;

/** The records of all tables; each table begins with the names of its columns, and ends with an empty line. Pure. */
export function recordsOf(text: string): readonly Row[] {
  const records: Row[] = [];
  let titles: readonly string[] | undefined;
  for (const cells of parseCsv(text)) {
    if (cells.every((cell) => cell === "")) titles = undefined;
    else if (cells[0]?.startsWith("#")) continue;
    else if (!titles) titles = titlesOf(cells);
    else {
      const columns = titles;
      records.push(Object.fromEntries(cells.map((cell, index) => [columns[index] ?? "", cell])));
    }
  }
  const broken = records.find((record) => record["error"] !== undefined && !record["_measurement"]);
  if (broken) {
    const message = `InfluxDB could not answer the query: ${broken["error"]}`;
    throw failure("Unavailable", message.slice(0, limits.messageCharsMax));
  }
  return records;
}

/** A page for people, of a login for example, is text, too: it must not pass for an answer without a value. */
function titlesOf(cells: readonly string[]): readonly string[] {
  if (cells.includes("_value") || cells.includes("error")) return cells;
  throw failure("Unavailable", "the answer is no table of values");
}

/** The one number of a measurement. Of several series, the one whose field is `value`. Pure. */
export function readSeries(records: readonly Row[], name: string): Fetched {
  const own = records.filter((record) => record["_measurement"] === name);
  if (own.length === 0) {
    return refused(`the bucket has no value of ${name} in the last ${limits.metricsInfluxRange}`);
  }
  const fields = own.filter((record) => record["_field"] === "value");
  const [record, second] = fields.length > 0 ? fields : own;
  if (second) {
    const count = fields.length > 0 ? fields.length : own.length;
    return refused(`expected one series, got ${count}; name one of their fields "value"`);
  }
  const fetched = asFetched(record?.["_value"]);
  const time = Date.parse(record?.["_time"] ?? "");
  return fetched.ok && !Number.isNaN(time) ? { ...fetched, time } : fetched;
}
