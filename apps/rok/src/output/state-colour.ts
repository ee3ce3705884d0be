import type { Paint } from "./table.ts";

/** Colours for states, on terminals only. Pure. */

export type ColourWish = "auto" | "always" | "never";

/** Whether to colour: as was asked for, else on a terminal that nobody told not to (NO_COLOR). */
export function wantsColour(
  wish: ColourWish,
  io: { readonly columns: number | undefined; environment(name: string): string | undefined },
): boolean {
  if (wish !== "auto") return wish === "always";
  const isRefused = io.environment("NO_COLOR") !== undefined || io.environment("TERM") === "dumb";
  return io.columns !== undefined && !isRefused;
}

const codes = { green: 32, yellow: 33, red: 31 } as const;

const good = new Set(["ONLINE", "RUNNING", "COMPLETED", "created", "added", "yes"]);
const bad = new Set(["FAILED", "OFFLINE", "UNHEALTHY", "NOTREADY", "DEGRADED", "deleted", "no"]);

const coloured = new Set(["state", "result", "event", "fits"]);

/** Colours the cells of the columns that hold a state. */
export const paintStates: Paint = (title, text) => {
  if (title === "type" && text === "Warning") return painted("yellow", text);
  if (title === "status") return paintStatus(text);
  if (!coloured.has(title) || text === "") return text;
  if (good.has(text)) return painted("green", text);
  return painted(bad.has(text) || text.startsWith("FAIL") ? "red" : "yellow", text);
};

/** Of a condition. */
function paintStatus(text: string): string {
  if (text === "True") return painted("green", text);
  if (text === "False") return painted("red", text);
  return text === "Unknown" ? painted("yellow", text) : text;
}

function painted(colour: keyof typeof codes, text: string): string {
  return `\u001b[${codes[colour]}m${text}\u001b[0m`;
}
