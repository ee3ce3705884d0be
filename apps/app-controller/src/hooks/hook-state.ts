import type { Application, Copy } from "@octoplane/kinds/application";
import type { HookRun } from "@octoplane/kinds/application-copy";
import { manifestFor } from "@octoplane/delivery/place-manifest";
import { rulesOf, type ApplyState, type CopyInput } from "../apply-state.ts";
import type { RemoveInput } from "../remove-objects.ts";

/** What hooks need that run when nothing else is applied: before a copy goes, and while an application moves. */
export function hookState(
  { view, isLiving, othersIn, signal }: Omit<RemoveInput, "items" | "owner">,
  work: {
    readonly app: Application;
    readonly copy: Copy;
    /** Of the copy's cluster. */
    readonly labels: Readonly<Record<string, string>>;
    readonly hooks: HookRun | undefined;
    /** Writes down how far they have come. */
    readonly record: (hooks: HookRun) => Promise<void>;
  },
): ApplyState {
  const { app, copy, labels, hooks, record } = work;
  const { uid, name, namespace, generation } = app.metadata;
  // One that is stopped has its hooks all the same.
  const { stopped: _stopped, ...spec } = app.spec;
  const cluster = { name: copy.cluster.name, labels };
  const input: CopyInput = {
    view,
    manifest: manifestFor({ spec, status: app.status }, 0, cluster).manifest,
    source: app.spec.manifest,
    delivery: app.spec.delivery ?? {},
    schemas: [],
    generation,
    owner: { uid, name, namespace: namespace ?? "" },
    copy,
    isLiving,
    othersIn,
    intend: async (made) => {
      if (made.hooks !== undefined) await record(made.hooks);
    },
    signal,
  };
  return {
    input,
    rules: rulesOf(input),
    observed: new Map(),
    inventory: new Map(),
    blocked: new Map(),
    troubles: [],
    contested: [],
    waits: [],
    missingNamespaces: new Set(),
    forbiddenNamespaces: new Set(),
    hooks,
    waitsFor: undefined,
  };
}
