import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import { configMap } from "./manifests.ts";
import {
  hasPrometheus,
  ScrapeTarget,
  startPrometheus,
  type PrometheusServer,
} from "./prometheus-server.ts";
import { openSimulatedSites, type Sites } from "./site.ts";

const clusters = "/kubernetes/namespaces/system:admin/clusters";
const applications = "/kubernetes/namespaces/system:admin/applications";

/** Any PromQL expression that gives one number; Krake knows the names of series only. */
const priceOf = (zone: string): string =>
  `avg(power_price_euros{zone="${zone}"}) / scalar(max(power_price_euros))`;

describe.runIf(hasPrometheus())("with a real Prometheus", () => {
  let target: ScrapeTarget;
  let prometheus: PrometheusServer;
  let sites: Sites;
  let octoplane: Constellation;
  beforeAll(async () => {
    target = await ScrapeTarget.open();
    prices({ berlin: 0.1, oslo: 0.4 });
    [prometheus, sites] = await Promise.all([startPrometheus(target), openSimulatedSites()]);
    octoplane = await openConstellation();
    const { rest } = octoplane;
    await rest.ok("POST", "/core/globalmetricsproviders", {
      metadata: { name: "prometheus" },
      spec: { type: "prometheus", prometheus: { url: prometheus.url } },
    });
    for (const { name, kubeconfig } of sites.sites) {
      await rest.ok("POST", "/core/globalmetrics", {
        metadata: { name: `price-${name}` },
        spec: {
          allowed_values: [],
          min: 0,
          max: 1,
          direction: "lower",
          provider: { name: "prometheus", metric: priceOf(name) },
        },
      });
      await rest.ok("POST", clusters, {
        metadata: { name },
        spec: { kubeconfig, metrics: [{ name: `price-${name}`, weight: 1 }] },
      });
    }
    for (const { name } of sites.sites) await untilCluster(name, "ONLINE");
  });
  afterAll(async () => {
    await octoplane?.[Symbol.asyncDispose]();
    await sites?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });

  /** Two series for each zone, so that an expression has something to put together. */
  const prices = (zones: Readonly<Record<string, number>>): void => {
    for (const [zone, price] of Object.entries(zones)) {
      for (const meter of ["a", "b"]) {
        target.samples.set(`power_price_euros{zone="${zone}",meter="${meter}"}`, price);
      }
    }
  };
  const untilCluster = async (name: string, state: string): Promise<Json> => {
    let last: Json;
    return await waitFor(
      `${name} is ${state}`,
      async () => {
        last = await octoplane.rest.ok("GET", `${clusters}/${name}`);
        return last.status.state === state && last;
      },
      { seen: () => last.status },
    );
  };
  const untilRunsOn = async (app: string, cluster: string): Promise<Json> => {
    let last: Json;
    return await waitFor(
      `${app} runs on ${cluster}`,
      async () => {
        last = await octoplane.rest.ok("GET", `${applications}/${app}`);
        const { state, running_on: on } = last.status;
        return state === "RUNNING" && on?.name === cluster && last;
      },
      { seen: () => last.status },
    );
  };

  it("an application runs where power is cheapest, and moves when that changes", async () => {
    await octoplane.rest.ok("POST", applications, {
      metadata: { name: "cheap" },
      spec: { manifest: [configMap("cheap", { a: "1" })] },
    });
    await untilRunsOn("cheap", "berlin");
    prices({ berlin: 0.5, oslo: 0.2 });
    await untilRunsOn("cheap", "oslo");
    const { items } = await octoplane.rest.ok("GET", `${applications}/cheap/decisions`);
    expect(items[0]).toMatchObject({
      outcome: "moved",
      chosen: { name: "oslo" },
      previous: { name: "berlin" },
    });
    const oslo = items[0].candidates.find(({ cluster }: Json) => cluster.name === "oslo");
    const [part] = oslo.parts;
    expect(part).toMatchObject({ name: "price-oslo", provider: "prometheus" });
    expect(part.raw).toBeCloseTo(0.4, 5);
    expect(part.value).toBeCloseTo(0.6, 5);
  });

  it("an expression that gives several numbers, or none, is told at the cluster that names it", async () => {
    const path = "/core/globalmetrics/price-berlin";
    const setExpression = async (expression: string): Promise<void> => {
      await octoplane.rest.change(path, (body) => (body.spec.provider.metric = expression));
    };
    for (const [expression, message] of [
      ["power_price_euros", "expected one series, got 4"],
      ["no_such_metric", "the query gave no value"],
      ["sum(power_price_euros", "Prometheus refused the query"],
    ] as const) {
      await setExpression(expression);
      await waitFor(message, async () => {
        const { status } = await octoplane.rest.ok("GET", `${clusters}/berlin`);
        const reason = status.metrics_reasons["price-berlin"];
        return (
          status.state === "FAILING_METRICS" &&
          reason.code === "INVALID_METRIC" &&
          reason.message.includes(message)
        );
      });
    }
    await setExpression(priceOf("berlin"));
    await untilCluster("berlin", "ONLINE");
  });

  it("an application stays where it runs when Prometheus dies", async () => {
    const before = await untilRunsOn("cheap", "oslo");
    await prometheus.kill();
    await octoplane.rest.change("/core/globalmetrics/price-oslo", (body) => {
      body.spec.provider.metric = `${priceOf("oslo")} + 0`;
    });
    const failing = await untilCluster("oslo", "FAILING_METRICS");
    expect(failing.status.metrics_reasons["price-oslo"].code).toBe("UNREACHABLE_METRICS_PROVIDER");
    const after = await octoplane.rest.ok("GET", `${applications}/cheap`);
    expect(after.status.scheduled).toBe(before.status.scheduled);
    expect(after.status.running_on.name).toBe("oslo");
  });
});
