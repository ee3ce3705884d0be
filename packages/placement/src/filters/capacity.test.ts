import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Copies } from "@octoplane/kinds/copies";
import { decide } from "../decide.ts";
import type { Snapshot } from "../snapshot.ts";
import { application, candidate, detail, snapshot, type AppFacts } from "../testing/facts.ts";

const gibi = 2 ** 30;

function deployment(cpu: string, memory: string, replicas = 1): object {
  const containers = [{ name: "main", resources: { requests: { cpu, memory } } }];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec: { replicas, template: { spec: { containers } } },
  };
}

const small = candidate({ name: "small", free: { cpuCores: 1, memoryBytes: gibi, pods: 10 } });
const large = candidate({ name: "z", free: { cpuCores: 8, memoryBytes: 8 * gibi, pods: 10 } });

function decided(facts: AppFacts, more: Partial<Snapshot> = {}, clusters = [small, large]) {
  const decision = decide(application(facts), { ...snapshot(clusters), ...more }, detail);
  const verdicts = decision.candidates.map((row) => {
    const verdict = row.verdicts.find(({ filter }) => filter === "capacity");
    return [row.cluster.name, verdict?.message];
  });
  return { chosen: decision.chosen?.name, verdicts: Object.fromEntries(verdicts) as object };
}

describe("what an application requests has to be free", () => {
  it("of CPU, of memory and of room for Pods", () => {
    expect(decided({ manifest: [deployment("500m", "512Mi", 2)] }).chosen).toBe("small");
    for (const [manifest, message] of [
      [[deployment("600m", "1Mi", 2)], "it requests 1.2 CPU cores, and 1 is free and not promised"],
      [
        [deployment("1m", "513Mi", 2)],
        "it requests 1026 MiB of memory, and 1024 MiB is free and not promised",
      ],
    ] as const) {
      const { chosen, verdicts } = decided({ manifest });
      expect(chosen).toBe("z");
      expect(verdicts).toMatchObject({ small: message });
    }
    expect(decided({ manifest: [deployment("1m", "1Mi", 11)] }).chosen).toBeUndefined();
  });

  it("and not promised to others", () => {
    const promised = { small: { cpuCores: 0.6, memoryBytes: 0, pods: 1 } };
    const manifest = [deployment("500m", "1Mi")];
    expect(decided({ manifest }, { promised })).toMatchObject({
      chosen: "z",
      verdicts: { small: "it requests 0.5 CPU cores, and 0.4 is free and not promised" },
    });
  });

  it("but nothing is asked of clusters that do not say what is free, or get nodes as they need them", () => {
    const manifest = [deployment("100", "1Mi")];
    const silent = candidate({ name: "a" });
    expect(decided({ manifest }, {}, [silent, large]).chosen).toBe("a");
    const free = { cpuCores: 0, memoryBytes: 0, pods: 0 };
    const elastic = candidate({ name: "a", free, elastic: true });
    expect(decided({ manifest }, {}, [elastic, large]).chosen).toBe("a");
    expect(decided({ manifest }, {}, [silent]).verdicts).toEqual({ a: undefined });
  });

  it("and nothing of an application that requests nothing, or does not want to be asked", () => {
    const full = candidate({ name: "a", free: { cpuCores: -3, memoryBytes: -1, pods: 5 } });
    expect(decided({}, {}, [full]).chosen).toBe("a");
    const bare = { ...deployment("1", "1"), spec: { template: { spec: { containers: [{}] } } } };
    expect(decided({ manifest: [bare] }, {}, [full]).chosen).toBe("a");
    const manifest = [deployment("1", "1Mi")];
    expect(decided({ manifest }, {}, [full]).chosen).toBeUndefined();
    expect(decided({ manifest, more: { ignore_capacity: true } }, {}, [full]).chosen).toBe("a");
  });

  it("and only a part of it where the replicas are divided among copies", () => {
    const manifest = [deployment("1", "1Mi", 4)];
    const divided: Omit<Copies, "count"> = {
      replicas: "divided",
      divide_by: "even",
      weights: [],
    };
    const four = { copies: { ...divided, count: 4 } };
    expect(decided({ manifest, placement: four }).verdicts).toMatchObject({ small: "" });
    const two = { copies: { ...divided, count: 2 } };
    expect(decided({ manifest, placement: two }).verdicts).toMatchObject({
      small: "it requests 2 CPU cores, and 1 is free and not promised",
    });
    // Replicas are whole: of four to three places one gets two.
    const three = { copies: { ...divided, count: 3 } };
    expect(decided({ manifest, placement: three }).verdicts).toMatchObject({
      small: "it requests 2 CPU cores, and 1 is free and not promised",
    });
    const all = { copies: { ...divided, count: "all" as const } };
    expect(decided({ manifest, placement: all }).verdicts).toMatchObject({ small: "" });
  });

  it("but who is there stays, however full the cluster is", () => {
    const full = candidate({ name: "small", free: { cpuCores: -3, memoryBytes: -1, pods: -1 } });
    const manifest = [deployment("1", "1Mi")];
    const promised = { small: { cpuCores: 100, memoryBytes: 100, pods: 100 } };
    expect(decided({ manifest, on: "small" }, { promised }, [full, large]).chosen).toBe("small");
  });
});

describe("capacity is never promised twice", () => {
  it("to any number of applications, whatever they request and in whatever order", () => {
    const amounts = fc.record({
      cpu: fc.integer({ min: 0, max: 3_000 }),
      memory: fc.integer({ min: 0, max: 2_048 }),
      replicas: fc.integer({ min: 0, max: 4 }),
    });
    const sizes = fc.array(fc.integer({ min: -1, max: 8 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 30 }), sizes, (wanted, cores) => {
        const free = cores.map((cpuCores, index) => ({
          name: `c${index}`,
          free: { cpuCores, memoryBytes: Math.max(0, cpuCores) * gibi, pods: 12 },
        }));
        const clusters = free.map((one) => candidate(one));
        const taken = new Map(
          free.map(({ name }) => [name, { cpuCores: 0, memoryBytes: 0, pods: 0 }]),
        );
        for (const { cpu, memory, replicas } of wanted) {
          const manifest = [deployment(`${cpu}m`, `${memory}Mi`, replicas)];
          const promised = Object.fromEntries(taken);
          const { chosen } = decided({ manifest }, { promised }, clusters);
          if (chosen === undefined) continue;
          const before = taken.get(chosen)!;
          taken.set(chosen, {
            cpuCores: before.cpuCores + (cpu / 1_000) * replicas,
            memoryBytes: before.memoryBytes + memory * 2 ** 20 * replicas,
            pods: before.pods + replicas,
          });
        }
        for (const { name, free: had } of free) {
          const { cpuCores, memoryBytes, pods } = taken.get(name)!;
          expect(cpuCores).toBeLessThanOrEqual(Math.max(0, had.cpuCores) + 1e-3);
          expect(memoryBytes).toBeLessThanOrEqual(had.memoryBytes + 1);
          expect(pods).toBeLessThanOrEqual(had.pods);
        }
      }),
      { numRuns: 200 },
    );
  });
});
