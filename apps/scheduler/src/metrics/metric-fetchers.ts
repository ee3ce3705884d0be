import { boundedFetch } from "./bounded-fetch.ts";
import { httpFetcher } from "./http-json.ts";
import { influxFetcher } from "./influx.ts";
import { ksqldbFetcher } from "./ksqldb.ts";
import type { Fetchers } from "./metric-book.ts";
import { prometheusFetcher } from "./prometheus.ts";
import { fetchStatic } from "./static.ts";

/** How each type of provider is asked, over connections that `close` ends. */
export function openFetchers(allowedHosts: readonly string[]): {
  readonly fetchers: Fetchers;
  readonly close: () => Promise<void>;
} {
  const { send, close } = boundedFetch(allowedHosts);
  const fetchers: Fetchers = {
    static: fetchStatic,
    prometheus: prometheusFetcher(send),
    influx: influxFetcher(send),
    kafka: ksqldbFetcher(send),
    http: httpFetcher(send),
  };
  return { fetchers, close };
}
