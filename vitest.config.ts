import { defineConfig } from "vitest/config";

const setupFiles = ["test/property-seed.ts"];

/**
 * Tests beside their file are the unit project; `test/` holds the suites that start servers. Where files are many and
 * short they share a process (`isolate: false`): loading the product anew for each took a fifth of the time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          include: [
            "packages/*/src/**/*.test.ts",
            "apps/*/src/**/*.test.ts",
            "test/tidy/*.test.ts",
          ],
          // A guard against what never ends, not a measure: a machine that is busy may be slow.
          testTimeout: 30_000,
          isolate: false,
        },
      },
      {
        test: {
          name: "conformance",
          setupFiles,
          include: ["test/conformance/**/*.test.ts", "test/simulation/*.test.ts"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          isolate: false,
          testTimeout: 90_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // What would make `npm test` long: whole processes, waits, a cluster of etcd, the API over etcd as well.
          name: "long",
          setupFiles,
          include: ["test/long/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "kubernetes",
          include: ["test/kubernetes/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 120_000,
          // Keycloak builds itself at its first start: half a minute, minutes on a machine that is busy.
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
