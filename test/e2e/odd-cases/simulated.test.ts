import { openSimulatedSites } from "../site.ts";
import { openWorld } from "../world.ts";
import { oddCases } from "./suite.ts";

oddCases("odd cases on a simulated cluster", () => openWorld(openSimulatedSites));
