/**
 * The layer table of ARCHITECTURE.md as data: what each workspace package may import. It is held against the declared
 * dependencies and the imports of every file.
 */
export interface Layer {
  readonly mayImport: readonly string[];
  /** Modules that would break what the package promises. */
  readonly neverTouches?: readonly RegExp[];
}

const io =
  /^(?:node:(?:fs|net|http|https|child_process|dns|tls|worker_threads)(?:\/|$)|undici$|pino$)/;
const kubernetes = /^@kubernetes\//;
const http = /^(?:node:https?|undici|fastify|@fastify\/.*)$/;
const domain = [
  "shared",
  "kinds",
  "placement",
  "store",
  "resources",
  "reconcile",
  "kube",
  "delivery",
  "process",
  "tosca",
  "pki",
];

export const layers: Readonly<Record<string, Layer>> = {
  shared: { mayImport: [] },
  kinds: { mayImport: ["shared"], neverTouches: [io, kubernetes] },
  placement: {
    mayImport: ["kinds", "shared"],
    neverTouches: [io, kubernetes, /^node:/, /clock|random|log/],
  },
  tosca: {
    mayImport: ["kinds", "shared"],
    neverTouches: [io, kubernetes, /clock|random|log/],
  },
  pki: { mayImport: ["shared"], neverTouches: [/^node:fs/, http, kubernetes] },
  store: { mayImport: ["shared"], neverTouches: [kubernetes] },
  resources: { mayImport: ["store", "kinds", "shared"], neverTouches: [http, kubernetes] },
  client: { mayImport: ["kinds", "shared"], neverTouches: [/^node:/, kubernetes, /^etcd3$/] },
  kube: { mayImport: ["shared"] },
  delivery: {
    mayImport: ["kube", "kinds", "shared"],
    neverTouches: [io, kubernetes, /clock|random|log/],
  },
  reconcile: {
    mayImport: ["resources", "store", "kinds", "shared"],
    neverTouches: [http, kubernetes],
  },
  process: { mayImport: ["resources", "store", "kinds", "shared"], neverTouches: [kubernetes] },
  "kube-sim": { mayImport: ["shared"], neverTouches: [kubernetes] },
  api: { mayImport: domain },
  scheduler: { mayImport: domain, neverTouches: [kubernetes] },
  gc: { mayImport: domain, neverTouches: [kubernetes, http] },
  "cluster-controller": { mayImport: domain },
  "app-controller": { mayImport: domain },
  standalone: {
    mayImport: [...domain, "api", "scheduler", "gc", "cluster-controller", "app-controller"],
  },
  distributed: { mayImport: ["shared", "process", "api", "standalone"] },
  demo: { mayImport: ["shared", "kinds", "client", "kube-sim", "standalone"] },
  rok: {
    mayImport: ["client", "kinds", "pki", "shared", "tosca"],
    neverTouches: [kubernetes, /^etcd3$/, /^lmdb$/],
  },
};
