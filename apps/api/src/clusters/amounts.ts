import { factsOf } from "@octoplane/kinds/manifest-facts";
import { parseQuantity } from "@octoplane/kinds/quantity";
import { Type, type Static } from "typebox";

const amount = Type.Union([Type.Number(), Type.Null()]);

/** Of cpu and memory, in whole cores and bytes; null where nothing is said. */
export const AmountsSchema = Type.Object({ cpu_cores: amount, memory_bytes: amount });
export type Amounts = Static<typeof AmountsSchema>;

/** As Kubernetes writes them: `{ cpu: "12m", memory: "30Mi" }`; what is no quantity is not said. Pure. */
export function amountsOf(value: unknown): Amounts {
  const { cpu, memory } = factsOf(value);
  return rounded({ cpu_cores: numberOf(cpu), memory_bytes: numberOf(memory) });
}

/** The first, filled up from the second where it says nothing. Pure. */
export function orElse(first: Amounts, second: Amounts): Amounts {
  return {
    cpu_cores: first.cpu_cores ?? second.cpu_cores,
    memory_bytes: first.memory_bytes ?? second.memory_bytes,
  };
}

/** All that is said, together; null where nobody says anything. Pure. */
export function sumOf(all: readonly Amounts[]): Amounts {
  return added(all, (amounts) => amounts.some((one) => one !== null));
}

/** As limits add up: null as soon as one of them is, for then nothing limits the whole. Pure. */
export function boundOf(all: readonly Amounts[]): Amounts {
  return added(all, (amounts) => amounts.length > 0 && amounts.every((one) => one !== null));
}

function added(
  all: readonly Amounts[],
  isSaid: (amounts: readonly (number | null)[]) => boolean,
): Amounts {
  const plus = (amounts: readonly (number | null)[]): number | null =>
    isSaid(amounts) ? amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0) : null;
  return rounded({
    cpu_cores: plus(all.map(({ cpu_cores: cores }) => cores)),
    memory_bytes: plus(all.map(({ memory_bytes: bytes }) => bytes)),
  });
}

/** Kubernetes measures billionths of cores, and whole bytes. */
function rounded({ cpu_cores: cores, memory_bytes: bytes }: Amounts): Amounts {
  return {
    cpu_cores: cores === null ? null : Math.round(cores * 1e9) / 1e9,
    memory_bytes: bytes === null ? null : Math.round(bytes),
  };
}

/** A quantity: text, or a bare number. */
function numberOf(value: unknown): number | null {
  const number =
    typeof value === "number"
      ? value
      : typeof value === "string"
        ? parseQuantity(value)
        : undefined;
  return number !== undefined && Number.isFinite(number) && number >= 0 ? number : null;
}
