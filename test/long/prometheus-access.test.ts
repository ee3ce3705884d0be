import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate } from "@octoplane/kube/testing/certificate";
import { systemClock } from "@octoplane/shared/clock";
import { openConstellation, type Constellation } from "../constellation.ts";
import type { Json } from "../rest.ts";
import { waitFor } from "../wait-for.ts";
import {
  hasPrometheus,
  prometheusLogin,
  ScrapeTarget,
  startPrometheus,
  type PrometheusServer,
} from "../e2e/prometheus-server.ts";

const provider = "/core/globalmetricsproviders/locked";

describe.runIf(hasPrometheus())("with a real Prometheus behind TLS and a login", () => {
  const now = systemClock.now();
  const ca = { name: "authority", ...issueCertificate({ name: "authority", now }) };
  let target: ScrapeTarget;
  let prometheus: PrometheusServer;
  let octoplane: Constellation;
  beforeAll(async () => {
    target = await ScrapeTarget.open();
    target.samples.set("heat", 30);
    const own = issueCertificate({ name: "prometheus", issuer: ca, now });
    prometheus = await startPrometheus(target, own);
    octoplane = await openConstellation();
  });
  afterAll(async () => {
    await octoplane?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
  });

  const untilValue = async (what: string, isSo: (value: Json) => boolean): Promise<Json> => {
    let last: Json;
    return await waitFor(
      what,
      async () => {
        last = await octoplane.rest.ok("GET", "/core/globalmetrics/heat/value");
        return isSo(last) && last;
      },
      { seen: () => last },
    );
  };
  const untilTrouble = async (message: RegExp): Promise<Json> =>
    await untilValue(String(message), ({ health }) => message.test(health.message));

  it("values come with the login and the authority, and every other way is told", async () => {
    const { rest } = octoplane;
    await rest.ok("POST", "/core/globalmetricsproviders", {
      metadata: { name: "locked" },
      spec: { type: "prometheus", prometheus: { url: prometheus.url } },
    });
    await rest.ok("POST", "/core/globalmetrics", {
      metadata: { name: "heat" },
      spec: { min: 0, max: 40, provider: { name: "locked", metric: "heat" } },
    });
    await untilTrouble(/certificate|signature/);
    const set = async (change: object): Promise<void> => {
      await rest.change(provider, (body) => Object.assign(body.spec.prometheus, change));
    };
    await set({ ca: ca.certificate });
    await untilTrouble(/answered 401: the provider's credentials are refused/);
    await set({ basic_auth: { ...prometheusLogin, password: "wrong" } });
    await untilTrouble(/answered 401/);
    await set({ basic_auth: prometheusLogin });
    const value = await untilValue("30", (found) => found.value === 30);
    expect(value).toMatchObject({ score: 0.75, problem: null, health: { state: "healthy" } });
  });

  it("the password is shown to nobody, and goes to no other server", async () => {
    const { rest } = octoplane;
    const body = await rest.ok("GET", provider);
    expect(body.spec.prometheus.basic_auth.password).toBe("REDACTED");
    // As Krake's clients write it, who know nothing of logins and authorities.
    const plain = (url: string): object => ({
      ...body,
      metadata: { name: "locked", labels: { seen: url.length.toString() } },
      spec: { type: "prometheus", prometheus: { url } },
    });
    const moved = await rest.call("PUT", provider, plain("https://127.0.0.1:1"));
    expect(moved.status).toBe(422);
    expect(JSON.stringify(moved.body)).toContain("expected the value itself and not REDACTED");
    const kept = await rest.ok("PUT", provider, plain(prometheus.url));
    expect(kept.spec.prometheus).toMatchObject({
      ca: ca.certificate,
      basic_auth: { username: "octoplane", password: "REDACTED" },
    });
    target.samples.set("heat", 10);
    await untilValue("10", (found) => found.value === 10);
  });
});
