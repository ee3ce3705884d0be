import { describe, expect, it } from "vitest";
import { connectKube } from "../http-kube.ts";
import { issueCertificate } from "../testing/certificate.ts";
import { kindNamed, refusal } from "./objects.ts";
import type { Site } from "./site.ts";

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

/** The kubeconfig with the user, or fields of the cluster, replaced. */
function altered(
  kubeconfig: object,
  { user, cluster }: { readonly user?: object; readonly cluster?: object },
): object {
  const { clusters, users } = kubeconfig as Kubeconfig;
  return {
    ...kubeconfig,
    clusters: clusters.map((entry) => ({ ...entry, cluster: { ...entry.cluster, ...cluster } })),
    users: users.map((entry) => ({ ...entry, ...(user ? { user } : {}) })),
  };
}

export function describeAccess(site: () => Site): void {
  it("tells its version", async () => {
    const { gitVersion, major, minor } = await site().kube.version();
    expect(gitVersion).toMatch(/^v[0-9]+\.[0-9]+/);
    expect(`${major}.${minor}`).toMatch(/^[0-9]+\.[0-9]+/);
  });

  describe("somebody without the right credentials", () => {
    it("is refused for good, and the token stays out of the message", async () => {
      const { kubeconfig, kinds, clock } = site();
      const token = "not-a-token-of-anybody";
      await using kube = connectKube(altered(kubeconfig, { user: { token } }), { clock });
      const error = await refusal(kube.list(kindNamed(kinds, "ConfigMap")));
      expect(error).toMatchObject({ status: 401, reason: "Unauthorized", retry: false });
      expect(error.message).not.toContain(token);
    });
  });

  it("is recognised by its authority, where it has one", async ({ skip }) => {
    const { kubeconfig, hasTls, clock } = site();
    if (!hasTls) return skip("the cluster speaks no TLS");
    const { certificate } = issueCertificate({ name: "stranger", now: clock.now() });
    const cluster = { "certificate-authority-data": Buffer.from(certificate).toString("base64") };
    await using kube = connectKube(altered(kubeconfig, { cluster }), { clock });
    const error = await refusal(kube.version());
    expect(error).toMatchObject({ status: 0, reason: "ForeignCertificate", retry: false });
  });

  it("tells when the first certificate between us ends, where it has one", async ({ skip }) => {
    const { kube, hasTls, clock } = site();
    await kube.version();
    if (!hasTls) return expect(kube.certificateExpires()).toBeUndefined();
    if (kube.certificateExpires() === undefined) return skip("its connection was taken up again");
    expect(kube.certificateExpires()).toBeGreaterThan(clock.now());
  });
}
