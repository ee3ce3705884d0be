import { Type } from "typebox";
import type { FieldProblem } from "@octoplane/shared/errors";
import { defineKind, type Column, type Resource, type ResourceOf } from "./kind.ts";
import {
  accessAdditions,
  accessFields,
  accessProblems,
  accessSecrets,
  headerProblems,
} from "./provider-access.ts";
import { urlProblem } from "./service-url.ts";
import { checkTypedBlock } from "./typed-block.ts";

/** Kinds MetricsProvider and GlobalMetricsProvider: where the values of metrics come from. */

const closed = { additionalProperties: false } as const;
const url = Type.String({ description: "http:// or https://" });
const { basic_auth, bearer_token, ca } = accessFields;

/** The block of each type; exactly the one that `type` names is expected. */
const blocks = {
  prometheus: Type.Object({ url, basic_auth, bearer_token, ca }, closed),
  influx: Type.Object(
    { url, token: Type.String(), org: Type.String(), bucket: Type.String(), ca },
    closed,
  ),
  kafka: Type.Object(
    {
      url,
      table: Type.String(),
      comparison_column: Type.String(),
      value_column: Type.String(),
      basic_auth,
      bearer_token,
      ca,
    },
    closed,
  ),
  http: Type.Object(
    {
      url: Type.String({ description: "of a JSON document: http:// or https://" }),
      headers: Type.Optional(
        Type.Record(Type.String(), Type.String(), {
          description: "sent with the request; their values are credentials",
        }),
      ),
      basic_auth,
      bearer_token,
      ca,
    },
    closed,
  ),
  cluster: Type.Object(
    {},
    { ...closed, description: "what Octoplane itself measures of each cluster" },
  ),
  static: Type.Object({ metrics: Type.Record(Type.String(), Type.Number()) }, closed),
} as const;

const SpecSchema = Type.Object(
  {
    type: Type.Union([
      Type.Literal("prometheus"),
      Type.Literal("influx"),
      Type.Literal("kafka"),
      Type.Literal("http"),
      Type.Literal("cluster"),
      Type.Literal("static"),
    ]),
    prometheus: Type.Optional(blocks.prometheus),
    influx: Type.Optional(blocks.influx),
    kafka: Type.Optional(blocks.kafka),
    http: Type.Optional(blocks.http),
    cluster: Type.Optional(blocks.cluster),
    static: Type.Optional(blocks.static),
  },
  closed,
);

type AnyProvider = Resource<{ spec: typeof SpecSchema }, undefined>;

const columns: readonly Column<AnyProvider>[] = [
  { title: "mp_type", cell: ({ spec }) => spec.type },
  { title: "url", wide: true, cell: ({ spec }) => addressOf(spec) ?? "" },
  {
    title: "metrics",
    wide: true,
    cell: ({ spec }) =>
      Object.entries(spec.static?.metrics ?? {})
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n"),
  },
];

/** Where a provider is asked; `undefined` for those that are not asked over a network. */
function addressOf(spec: AnyProvider["spec"]): string | undefined {
  return spec.prometheus?.url ?? spec.influx?.url ?? spec.kafka?.url ?? spec.http?.url;
}

function validate({ spec }: AnyProvider): readonly FieldProblem[] {
  const problems = [
    ...checkTypedBlock("spec", spec, { noun: "a provider", types: Object.keys(blocks) }),
  ];
  const address = addressOf(spec);
  if (problems.length > 0 || address === undefined) return problems;
  const field = `spec.${spec.type}`;
  // What a document is asked for may stand behind a question mark; the other types fill in their own.
  const base = spec.type === "http" ? address.replace(/\?[^#]*/, "") : address;
  const message = urlProblem(base);
  if (message !== undefined) problems.push({ field: `${field}.url`, message });
  const block = spec.prometheus ?? spec.influx ?? spec.kafka ?? spec.http ?? {};
  return [
    ...problems,
    ...accessProblems(field, block),
    ...headerProblems(`${field}.headers`, spec.http?.headers ?? {}),
  ];
}

const asked = ["prometheus", "influx", "kafka", "http"] as const;

const shared = {
  api: "core",
  fields: { spec: SpecSchema },
  status: undefined,
  subresources: [],
  secrets: [
    ["spec", "influx", "token"],
    ["spec", "http", "headers", "*"],
    ...["prometheus", "kafka", "http"].flatMap(accessSecrets),
  ],
  // Whose certificate is good decides, as the address does, who gets to see the credentials.
  secretsGoTo: asked.flatMap((type) => [
    ["spec", type, "url"],
    ["spec", type, "ca"],
  ]),
  additions: [...["prometheus", "kafka"].flatMap(accessAdditions), ["spec", "influx", "ca"]],
  finalizers: [],
  columns,
  validate,
};

export const MetricsProviderKind = defineKind({
  ...shared,
  kind: "MetricsProvider",
  plural: "metricsproviders",
  namespaced: true,
  aliases: ["mp"],
});

export const GlobalMetricsProviderKind = defineKind({
  ...shared,
  kind: "GlobalMetricsProvider",
  plural: "globalmetricsproviders",
  namespaced: false,
  answersEqualPut: true,
  aliases: ["gmp"],
});

export type MetricsProvider = ResourceOf<typeof MetricsProviderKind>;
