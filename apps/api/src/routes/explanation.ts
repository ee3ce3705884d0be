import type { FastifyInstance, FastifyRequest } from "fastify";
import { ApplicationKind } from "@octoplane/kinds/application";
import { ExplanationSchema, ReplaySchema, type Replay } from "@octoplane/kinds/explanation";
import { anyKind } from "@octoplane/kinds/kind";
import { engineVersion, replay } from "@octoplane/placement/decision-inputs";
import { readDecision, withoutInputs } from "@octoplane/resources/decision-log";
import { readFleetAt } from "@octoplane/resources/fleet-history";
import { failure } from "@octoplane/shared/errors";
import type { ApiContext } from "../api-context.ts";
import { operation } from "../http/route-schema.ts";
import { sendJson } from "../http/send-json.ts";
import { explainApplication } from "../placement/explain-application.ts";
import { decodeInTurns } from "../placement/fleet-cache.ts";
import type { LongWork, Turns } from "../placement/long-work.ts";
import { demand, pathOf } from "./resource.ts";

/** Why an application is where it is, now; and a recorded decision, made again. Whoever may read the application may. */
export function explanationRoutes(app: FastifyInstance, context: ApiContext, work: LongWork): void {
  const kind = anyKind(ApplicationKind);
  const { closing } = context;
  const explanation = operation(kind)("explain the placement of", { answer: ExplanationSchema });
  app.get(`${pathOf(kind)}/explanation`, explanation, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const application = await context.resources.of(ApplicationKind).mustGet(ref);
    const explained = await work.run({ reply, closing }, (turns) =>
      explainApplication(context, application, turns),
    );
    return sendJson(reply.header("cache-control", "no-store"), explained);
  });

  const words = { answer: ReplaySchema };
  const again = operation(kind)("make a recorded decision again of", words);
  app.get(`${pathOf(kind)}/decisions/:sequence/replay`, again, async (request, reply) => {
    const ref = demand(context, kind, request, "get");
    const { metadata } = await context.resources.of(ApplicationKind).mustGet(ref);
    const sequence = sequenceOf(request);
    const replayed = await work.run({ reply, closing }, (turns) =>
      replayDecision(context, metadata, { sequence, turns }),
    );
    return sendJson(reply, replayed);
  });
}

/** `NotFound` for a decision that is not kept, `Compacted` when what it was made on is not. */
async function replayDecision(
  { resources }: ApiContext,
  metadata: { readonly uid: string; readonly name: string; readonly namespace: string | null },
  { sequence, turns }: { readonly sequence: number; readonly turns: Turns },
): Promise<Replay> {
  const { store } = resources.parts;
  const { uid, name } = metadata;
  const namespace = metadata.namespace ?? "";
  const recorded = await readDecision(store, uid, sequence);
  if (!recorded) throw failure("NotFound", `decision ${sequence} about ${name} is not kept`);
  const { basis } = recorded;
  if (!basis?.inputs) {
    throw failure("Compacted", `of decision ${sequence} no more was recorded than what it says`);
  }
  const { state } = await readFleetAt(store, namespace, basis);
  const { candidates } = await decodeInTurns(state, new WeakMap(), turns);
  const again = replay(recorded, basis.inputs, candidates);
  return {
    api: "kubernetes",
    kind: "Replay",
    metadata: { name, namespace },
    sequence,
    identical: again.identical,
    engine: { recorded: basis.engine, present: engineVersion },
    decision: withoutInputs(again.decision),
    differences: [...again.differences],
  };
}

function sequenceOf(request: FastifyRequest): number {
  const { sequence } = request.params as { readonly sequence: string };
  if (/^[1-9]\d{0,14}$/.test(sequence)) return Number(sequence);
  throw failure("NotFound", "a decision is named by its number, from 1 on");
}
