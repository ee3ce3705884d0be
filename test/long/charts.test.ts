import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitStatus } from "@octoplane/rok/exit-status";
import { chartTools } from "../chart-tools/build.ts";
import { openRokField, type RokField } from "../e2e/rok-field.ts";
import type { RokRun } from "../e2e/rok-run.ts";

/** Charts and kustomizations, rendered by the real tools through `rok`. */

const isRequired = (process.env["OCTOPLANE_REQUIRE"] ?? "").split(",").includes("charts");
const tools = chartTools();
if (isRequired && tools === undefined) {
  throw new Error("helm and kustomize are required and not built: node test/chart-tools/build.ts");
}

const web = `{{- $full := printf "%s-%s" .Release.Name .Chart.Name }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $full }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ $full }} } }
  template:
    metadata: { labels: { app: {{ $full }} } }
    spec:
      containers: [{ name: web, image: "nginx:{{ .Values.tag }}" }]
`;

const pod = (name: string, hook: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-${name}
  annotations: { helm.sh/hook: "${hook}", helm.sh/hook-delete-policy: hook-succeeded }
spec: { restartPolicy: Never, containers: [{ name: c, image: busybox }] }
`;

const files: Readonly<Record<string, string>> = {
  "shop/Chart.yaml": `apiVersion: v2
name: shop
version: 1.4.0
dependencies:
  - { name: cache, version: 0.1.0, condition: cache.enabled }
`,
  "shop/values.yaml": "replicas: 1\ntag: '1.25'\ncache: { enabled: false }\n",
  "shop/crds/widget.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`,
  "shop/templates/web.yaml": web,
  "shop/templates/migrate.yaml": pod("migrate", "pre-install,pre-upgrade"),
  "shop/templates/check.yaml": pod("check", "test"),
  "shop/templates/NOTES.txt": "{{ .Release.Name }} runs {{ .Values.replicas }} copies.\n",
  "shop/charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\nversion: 0.1.0\n",
  "shop/charts/cache/templates/map.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-cache }\n",
  "shop/templates/broken.yaml": '{{ if .Values.broken }}{{ fail "no such thing" }}{{ end }}\n',
  "more.yaml": "replicas: 3\n",
  "base/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\n",
  "base/kustomization.yaml": "namePrefix: my-\nresources: [map.yaml]\n",
  "outside/kustomization.yaml": "resources: [../base/map.yaml]\n",
};

describe.skipIf(tools === undefined).each([3, 4])(
  "rendered by Helm %i, and by kustomize",
  (helm) => {
    let field: RokField;
    const folders =
      tools === undefined ? [] : [...(helm === 3 ? [join(tools, "helm3")] : []), tools];

    beforeAll(async () => {
      field = await openRokField([], { files });
    });

    afterAll(async () => await field?.[Symbol.asyncDispose]());

    const rok = (line: string): Promise<RokRun> =>
      field.rok(line, { variables: { PATH: folders.join(":") } });

    async function manifest(name: string): Promise<readonly unknown[]> {
      const { out } = await rok(`kube app get ${name} -o json`);
      return (JSON.parse(out) as { spec: { manifest: readonly unknown[] } }).spec.manifest;
    }

    test("a chart brings its definitions, its hooks and what its values ask for, and tells its notes", async () => {
      const made = await rok("kube app create shop --chart shop --values more.yaml --set tag=1.27");
      expect(made, made.err).toMatchObject({ status: exitStatus.ok });
      expect(made.err).toContain("rok: left out the test Pod shop-check (helm template shop:");
      expect(made.err).toContain(
        "rok: rendered chart shop 1.4.0; release shop; values of more.yaml; set: tag\n",
      );
      expect(made.err).toMatch(
        helm === 3
          ? /^rok: the notes of the chart are left out: rendering them takes Helm 4 or newer$/m
          : /\nshop runs 3 copies\.\n$/,
      );
      const annotations = {
        "helm.sh/hook": "pre-install,pre-upgrade",
        "helm.sh/hook-delete-policy": "hook-succeeded",
      };
      const deployment = {
        kind: "Deployment",
        metadata: { name: "shop-shop", namespace: "default" },
        spec: { replicas: 3, template: { spec: { containers: [{ image: "nginx:1.27" }] } } },
      };
      expect(await manifest("shop")).toMatchObject([
        { kind: "CustomResourceDefinition", metadata: { name: "widgets.example.org" } },
        deployment,
        { kind: "Pod", metadata: { name: "shop-migrate", annotations } },
      ]);
    });

    test("an update renders anew, with the charts inside that a condition asks for", async () => {
      const line = "kube app update shop --chart shop --set cache.enabled=true --release other";
      const { status, err } = await rok(line);
      expect(status, err).toBe(exitStatus.ok);
      expect(await manifest("shop")).toMatchObject([
        { kind: "CustomResourceDefinition" },
        { kind: "ConfigMap", metadata: { name: "other-cache" } },
        { kind: "Deployment", metadata: { name: "other-shop" }, spec: { replicas: 1 } },
        { kind: "Pod", metadata: { name: "other-migrate" } },
      ]);
    });

    test("what a chart refuses changes nothing", async () => {
      const before = await manifest("shop");
      const { status, err } = await rok("kube app update shop --chart shop --set broken=true");
      expect(status, err).toBe(exitStatus.failed);
      expect(err).toMatch(/^rok: helm template shop ended with 1:\n[^]*no such thing/);
      expect(await manifest("shop")).toEqual(before);
    });

    test("a kustomization is rendered, and one that reaches outside its folder is refused", async () => {
      const made = await rok("kube app create kustomized -k base");
      expect(made, made.err).toMatchObject({ status: exitStatus.ok });
      expect(await manifest("kustomized")).toMatchObject([{ metadata: { name: "my-map" } }]);
      const { status, err } = await rok("kube app create never -k outside");
      expect(status).toBe(exitStatus.failed);
      expect(err).toMatch(/^rok: kustomize build outside ended with 1:\n[^]*is not in or below/);
    });
  },
);
