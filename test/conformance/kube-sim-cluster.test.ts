import { kubeConformance } from "@octoplane/kube/conformance/suite";
import { openSim } from "./kube-sim-user.ts";

/** What Octoplane asks of a real API server (`test/kubernetes/kube.test.ts`), asked of a simulated one. */
kubeConformance("a simulated cluster", async () => {
  const sim = await openSim();
  const cluster = sim.addCluster({ name: "conformance", readyDelayMs: 20 });
  return {
    kubeconfig: cluster.kubeconfig,
    knowsBuiltInFields: false,
    writeLog: async ({ namespace, name, container }, text) =>
      cluster.writeLog({ namespace, pod: name, container }, text),
    [Symbol.asyncDispose]: () => sim[Symbol.asyncDispose](),
  };
});
