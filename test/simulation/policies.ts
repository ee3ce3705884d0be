import { PlacementPolicyKind, type PolicySpec } from "@octoplane/kinds/placement-policy";
import { readAs } from "@octoplane/kinds/read-input";

/** The policies of the simulated fleet: those of an empty store, and some that bring every other setting along. */
const written: Readonly<Record<string, object>> = {
  cost: { objectives: [{ metric: "price", weight: 1 }], minimum_gain: 0.05, dwell: 600 },
  carbon: { objectives: [{ metric: "carbon", weight: 1 }], minimum_gain: 0.05, dwell: 1_800 },
  balanced: {
    objectives: ["price", "carbon", "load"].map((metric) => ({ metric, weight: 1 })),
    minimum_gain: 0.05,
    dwell: 900,
  },
  night: {
    objectives: [
      { metric: "price", weight: 2 },
      { metric: "carbon", weight: 1 },
    ],
    minimum_gain: 0.1,
    dwell: 1_800,
    quiet_hours: [
      {
        days: ["mon", "tue", "wed", "thu", "fri"],
        from: "08:00",
        to: "18:00",
        timezone: "Europe/Berlin",
      },
    ],
    budget: { moves: 3, per: 86_400 },
  },
  quick: {
    objectives: [{ metric: "load", weight: 1 }],
    minimum_gain: 0.08,
    dwell: 300,
    stickiness: 0.05,
    cooldown: 120,
    budget: { moves: 2, per: 3_600 },
  },
};

export const policyNames = Object.keys(written);

/** `isCalm` false: the same objectives, and nothing that holds a move. */
export function policiesOf(isCalm: boolean): ReadonlyMap<string, PolicySpec> {
  return new Map(
    Object.entries(written).map(([name, spec]) => {
      const policy = readAs<PolicySpec>(PlacementPolicyKind.fields.spec, spec);
      const { objectives } = policy;
      return [name, isCalm ? policy : { objectives, dwell: 0 }];
    }),
  );
}
