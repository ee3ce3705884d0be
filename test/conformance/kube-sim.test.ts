import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { startSim } from "@octoplane/kube-sim/start-sim";
import { systemClock } from "@octoplane/shared/clock";
import { systemRandom } from "@octoplane/shared/random";

kubeConformance("the simulated cluster", async () => {
  const sim = await startSim({
    clusters: [{ name: "one" }],
    port: 0,
    clock: systemClock,
    random: systemRandom,
  });
  const cluster = sim.cluster("one");
  return {
    kubeconfig: cluster.kubeconfig,
    clock: systemClock,
    hasTls: false,
    knowsBuiltInFields: false,
    forgetHistory: async () => cluster.compact(),
    [Symbol.asyncDispose]: () => sim[Symbol.asyncDispose](),
  };
});
