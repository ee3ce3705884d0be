/** One measured figure under a name that stays. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against, measured in the same run. */
  readonly baseline?: { readonly name: string; readonly value: number };
  readonly goal?: string;
}

export type Report = (figure: Figure) => void;

export function printFigure({ name, value, unit, baseline, goal }: Figure): string {
  const ratio =
    baseline === undefined
      ? ""
      : `  ${(value / baseline.value).toFixed(2)} x ${baseline.name} (${show(baseline.value)})`;
  const wanted = goal === undefined ? "" : `  goal: ${goal}`;
  return `${name.padEnd(44)}${show(value).padStart(10)} ${unit.padEnd(6)}${ratio}${wanted}`;
}

function show(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(2);
}

/**
 * Runs the work by so many at once until the time is over, after a warm-up of a quarter of it; gives how often it was done
 * per second.
 */
export async function perSecond(
  workers: number,
  work: (index: number) => Promise<unknown>,
  forMs = 3_000,
): Promise<number> {
  let index = 0;
  const runFor = async (ms: number): Promise<number> => {
    const began = performance.now();
    let done = 0;
    await Promise.all(
      Array.from({ length: workers }, async () => {
        while (performance.now() - began < ms) {
          await work((index += 1));
          done += 1;
        }
      }),
    );
    return done / ((performance.now() - began) / 1_000);
  };
  await runFor(forMs / 4);
  return await runFor(forMs);
}

/** The value below which the share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
