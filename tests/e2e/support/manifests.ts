import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Ajv } from "ajv";
import jsonPatch from "fast-json-patch";
import { Deployment } from "kubernetes-models/apps/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Role, RoleBinding } from "kubernetes-models/rbac.authorization.k8s.io/v1";
import { Namespace, Service, ServiceAccount } from "kubernetes-models/v1";
import ts from "typescript";
import { parse, parseAllDocuments } from "yaml";
import { sourceFolder } from "./machine.ts";

const deploy = join(sourceFolder, "deploy");

/** Of `deploy/`, as text. */
export function deployFile(name: string): string {
  return readFileSync(join(deploy, name), "utf8");
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown>;
}

interface Kustomization {
  resources?: string[];
  patches?: { path: string; target: { kind: string; name: string } }[];
}

/** The files that a kustomization names, itself among them. */
function kustomization(folder: string): { files: string[]; content: Kustomization } {
  const file = join(folder, "kustomization.yaml");
  const content = parse(deployFile(file)) as Kustomization;
  const named = [...(content.resources ?? []), ...(content.patches ?? []).map((patch) => patch.path)];
  return { files: [file, ...named.map((name) => join(folder, name))], content };
}

/** What `kubectl apply -k deploy/kubernetes` applies, with these components of it. */
export function manifests(components: string[] = []): Manifest[] {
  const out = kustomization("kubernetes")
    .content.resources?.flatMap((name) => parseAllDocuments(deployFile(join("kubernetes", name))))
    .map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS() as Manifest;
    });
  assert(out);
  for (const folder of components.map((component) => join("kubernetes", component))) {
    for (const { path, target } of kustomization(folder).content.patches ?? []) {
      const patched = out.find((item) => item.kind === target.kind && item.metadata.name === target.name);
      assert(patched, `${target.kind} ${target.name}`);
      const operations = parse(deployFile(join(folder, path))) as jsonPatch.Operation[];
      jsonPatch.applyPatch<Manifest>(patched, operations, true);
    }
  }
  return out;
}

/** Files of `deploy/kubernetes` that no kustomization names. */
export function strayFiles(components: string[]): string[] {
  const named = ["kubernetes", ...components.map((component) => join("kubernetes", component))].flatMap(
    (folder) => kustomization(folder).files,
  );
  const there = readdirSync(join(deploy, "kubernetes"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(deploy, join(entry.parentPath, entry.name)));
  return there.filter((file) => !named.includes(file));
}

const models: Record<string, new (data: never) => { validate(): void }> = {
  "apps/v1 Deployment": Deployment,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "rbac.authorization.k8s.io/v1 Role": Role,
  "rbac.authorization.k8s.io/v1 RoleBinding": RoleBinding,
  "v1 Namespace": Namespace,
  "v1 Service": Service,
  "v1 ServiceAccount": ServiceAccount,
};

/** What is wrong with manifests of Kubernetes' own kinds: by their schemas, and fields that their types do not have. */
export function faultsOf(all: Manifest[]): string[] {
  const source = all.map(
    ({ kind, apiVersion, ...rest }, number) =>
      `import type { I${kind} as Type${number} } from "kubernetes-models/${apiVersion}";
      export const item${number}: Type${number} = ${JSON.stringify({ apiVersion, kind, ...rest })};`,
  );
  return [...all.flatMap(schemaErrors), ...typeErrors(source.join("\n"))];
}

function schemaErrors(manifest: Manifest): string[] {
  const SchemaOf = models[`${manifest.apiVersion} ${manifest.kind}`];
  assert(SchemaOf, `no schema for ${manifest.apiVersion} ${manifest.kind}`);
  try {
    new SchemaOf(manifest as never).validate();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

// The schemas let unknown fields pass, types do not.
function typeErrors(source: string): string[] {
  const file = join(import.meta.dirname, "manifest.virtual.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, version, ...others) =>
    name === file ? ts.createSourceFile(name, source, version) : getSourceFile(name, version, ...others);
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return found.map((error) => ts.flattenDiagnosticMessageText(error.messageText, "\n"));
}

type Schema = Record<string, unknown>;

// A cluster drops fields that a schema does not have, and says nothing of it.
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const out: Schema = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  if (out["x-kubernetes-int-or-string"] === true) delete out["type"];
  if (out["properties"] !== undefined && out["additionalProperties"] === undefined) out["additionalProperties"] = false;
  return out;
}

/** What is wrong with a manifest by the definition of its kind: the text of a CustomResourceDefinition. */
export function faultsByDefinition(manifest: Manifest, definition: string): string[] {
  const { spec } = parse(definition) as {
    spec: { versions: { name: string; schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] };
  };
  const version = spec.versions.find(({ name }) => manifest.apiVersion.endsWith(`/${name}`));
  assert(version, `no ${manifest.apiVersion} in the definition`);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const judge = ajv.compile(closed(version.schema.openAPIV3Schema.properties.spec) as Schema);
  judge(manifest.spec);
  return (judge.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}
