import { failure } from "@octoplane/shared/errors";
import { jsonOf, type BoundedFetch } from "./bounded-fetch.ts";
import { valuesAt } from "./json-path.ts";
import { asFetched, authorization, refused, type Fetched, type FetchValues } from "./provider.ts";

/**
 * Values from any JSON document behind a URL: it is fetched once for all metrics, each of which is a path in it.
 */
export function httpFetcher(send: BoundedFetch): FetchValues {
  return async ({ http }, names, signal) => {
    const own = Object.entries(http?.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    const headers: Record<string, string> = {
      accept: "application/json",
      ...Object.fromEntries(own),
      ...authorization(http ?? {}),
    };
    const answer = await send({ url: http?.url ?? "", headers, ca: http?.ca ?? undefined }, signal);
    const document = jsonOf(answer);
    if (answer.status < 200 || answer.status > 299) {
      throw failure("Unavailable", `${answer.host} answered ${answer.status}`);
    }
    return new Map(names.map((name) => [name, readPath(document, name)]));
  };
}

/** The one number at a path. Pure. */
export function readPath(document: unknown, path: string): Fetched {
  const found = valuesAt(document, path);
  if ("problem" in found) return refused(found.problem);
  const [value, second] = found.values;
  if (second !== undefined) return refused(`expected one value, got ${found.values.length}`);
  if (value === undefined) return refused(`the document has nothing at ${path}`);
  return asFetched(value);
}
