import type { Json } from "../rest.ts";

/** The reason that an application gives, a change to the Pods of `echo` that brings it about, and what is said of it. */
export type PodTrouble = readonly [string, (podSpec: Json) => void, RegExp];

/** What goes wrong with Pods in the same way on simulated and real clusters. */
export const podTroubles: readonly PodTrouble[] = [
  [
    "ImagePullBackOff",
    (spec) => void (spec.containers[0].image = "registry.example/does-not-exist:1"),
    /0 of 1 Pods are ready; Pod \S+, container echo: Back-off pulling image "registry.example\/does-not-exist:1"/,
  ],
  [
    "CrashLoopBackOff",
    (spec) => void (spec.containers[0].image = "registry.example/crash-loop:1"),
    /Pod \S+, container echo: ended with exit code 1, after 5 restarts/,
  ],
  [
    "Unschedulable",
    (spec) => void (spec.nodeSelector = { "kubernetes.io/arch": "riscv64" }),
    /Pod \S+ has no node: 0\/1 nodes are available/,
  ],
];
