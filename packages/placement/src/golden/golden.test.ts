import { expect, it } from "vitest";
import type { Decision } from "@octoplane/kinds/decision";
import { decide } from "../decide.ts";
import { application, candidate, detail, snapshot } from "../testing/facts.ts";
import { worlds, type World } from "./worlds.ts";

/** Whole decisions about a few telling worlds, to be read: a change of one shows in review. `vitest -u` writes them anew. */

it.each(Object.entries(worlds))(
  "the decision about %s is the one that is written down",
  async (name, world) => {
    const clusters = world.clusters.map((facts) => candidate(facts));
    const decision = decide(
      application(world.app),
      { ...snapshot(clusters), ...world.more },
      detail,
    );
    const text = [
      `# ${world.about}`,
      page("world", factsOf(world)),
      page("decision", shortened(decision)),
      "",
    ];
    await expect(text.join("\n\n")).toMatchFileSnapshot(`./${name}.golden`);
  },
);

function factsOf({ about: _about, ...facts }: World): object {
  return facts;
}

/** A filter that lets a cluster through is its name, one that does not is all that it says. */
function shortened(decision: Decision): object {
  const candidates = decision.candidates.map((row) => ({
    ...row,
    verdicts: row.verdicts.map((verdict) => (verdict.fits ? verdict.filter : verdict)),
  }));
  return { ...decision, candidates };
}

function page(title: string, value: unknown): string {
  return `${title}: ${lines(value, "")}`;
}

/** JSON, with everything in one line that fits there. */
function lines(value: unknown, indent: string): string {
  const short = oneLine(value);
  if (typeof value !== "object" || value === null || indent.length + short.length < 150)
    return short;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((one) => deeper + lines(one, deeper))
    : Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(([key, one]) => `${deeper}${key}: ${lines(one, deeper)}`);
  return [open, parts.join(",\n"), indent + close].join("\n");
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, one]) => `${key}: ${oneLine(one)}`).join(", ")} }`;
}
