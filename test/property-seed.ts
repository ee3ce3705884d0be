import fc from "fast-check";

/**
 * What the property tests try is the same in every run, so that a change is judged by what it changes. `npm run
 * test:explore` tries what nobody has tried before, and ten times as much of it; a counterexample is told with its seed.
 */
const seed = process.env["OCTOPLANE_PROPERTY_SEED"];
fc.configureGlobal(
  seed === undefined ? { seed: 20_261_121 } : { seed: Number(seed), numRuns: 1_000 },
);
