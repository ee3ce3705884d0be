import { describe } from "vitest";
import { hasEtcd } from "../conformance/etcd-server.ts";
import { openSimulatedSites } from "./site.ts";
import { endToEnd } from "./suite.ts";
import { openWorld } from "./world.ts";

endToEnd("simulated clusters, over LMDB", () => openWorld(openSimulatedSites));

describe.runIf(hasEtcd())("with a real etcd", () => {
  endToEnd("simulated clusters, over etcd", () => openWorld(openSimulatedSites, "etcd"));
});
