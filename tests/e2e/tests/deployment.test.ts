// What stands in deploy/ for a FoundationDB cluster, judged by those who read it and by what it says elsewhere. None of it is started.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { sourceFolder } from "../support/machine.ts";
import {
  deployFile,
  faultsByDefinition,
  faultsOf,
  type Manifest,
  manifests,
  strayFiles,
} from "../support/manifests.ts";
import { run } from "../support/process.ts";

const components = ["tls"];
const variants = { plain: manifests(), "with TLS": manifests(components) };

interface Container {
  name: string;
  image: string;
  args: string[];
  env: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
  lifecycle: { preStop: { exec: { command: string[] } } };
}
interface PodSpec {
  initContainers: [Container];
  containers: [Container];
  volumes: { name: string; configMap?: { name: string } }[];
  terminationGracePeriodSeconds: number;
}
interface DeploymentSpec {
  selector: { matchLabels: unknown };
  template: { metadata: { labels: unknown }; spec: PodSpec };
}

function only(kind: string, from: Manifest[] = variants.plain): Manifest {
  const [found, ...others] = from.filter((manifest) => manifest.kind === kind);
  assert(found !== undefined && others.length === 0, kind);
  return found;
}
const deployment = (from?: Manifest[]) => only("Deployment", from).spec as unknown as DeploymentSpec;

void test("dclint finds no error and no warning in the compose file", async () => {
  const dclint = join(sourceFolder, "tests/e2e/node_modules/dclint/bin/dclint.cjs");
  const words = [dclint, "--formatter", "json", "--max-warnings", "0", "deploy/compose.yaml"];
  const found = await run(process.execPath, words, { cwd: sourceFolder, env: process.env });
  assert.equal(found.status, 0, found.stdout + found.stderr);
});

for (const [name, all] of Object.entries(variants)) {
  void test(`the manifests are what Kubernetes' schemas and types allow: ${name}`, () => {
    const own = all.filter((manifest) => manifest.kind !== "FoundationDBCluster");
    assert(own.length > 5);
    assert.deepEqual(faultsOf(own), []);
  });
}

void test("a misspelt field, a missing one and a wrong type in a manifest are found", () => {
  const spoilt = (change: (spec: PodSpec & Record<string, unknown>) => void) => {
    const copy = structuredClone(only("Deployment"));
    change((copy.spec as unknown as DeploymentSpec).template.spec as PodSpec & Record<string, unknown>);
    return faultsOf([copy]).join();
  };
  assert.match(
    spoilt((spec) => (spec["terminationGraceSeconds"] = 30)),
    /terminationGraceSeconds/,
  );
  assert.match(
    spoilt((spec) => delete (spec as Partial<PodSpec>).containers),
    /containers/,
  );
  assert.match(
    spoilt((spec) => (spec["hostNetwork"] = "no")),
    /hostNetwork/,
  );
});

// Its schema is in no package of npm: CODI_FDB_CRD names apps.foundationdb.org_foundationdbclusters.yaml of the operator.
const definition = process.env["CODI_FDB_CRD"];
void test(
  "the cluster is what the operator's definition allows",
  { skip: definition === undefined && "CODI_FDB_CRD names no definition" },
  () => {
    assert(definition);
    const text = readFileSync(definition, "utf8");
    for (const all of Object.values(variants))
      assert.deepEqual(faultsByDefinition(only("FoundationDBCluster", all), text), []);
    const spoilt = structuredClone(only("FoundationDBCluster"));
    spoilt.spec["mainContainr"] = {};
    assert.equal(faultsByDefinition(spoilt, text).length, 1);
  },
);

void test("every file of the manifests is part of a kustomization", () => {
  assert.deepEqual(strayFiles(components), []);
  assert.deepEqual(strayFiles([]).length, 3);
});

void test("servers and client library are of one version of FoundationDB", () => {
  const version = String(only("FoundationDBCluster").spec["version"]);
  assert.match(version, /^\d+\.\d+\.\d+$/);
  const [setup] = deployment().template.spec.initContainers;
  assert.equal(setup.image, `foundationdb/fdb-kubernetes-monitor:${version}`);
  assert(setup.args.includes(`--copy-primary-library=${version.replace(/\.\d+$/, "")}`), setup.args.join(" "));
  const images = [...deployFile("compose.yaml").matchAll(/foundationdb\/foundationdb:(.*)/g)].map((found) => found[1]);
  assert.deepEqual(images, Array(2).fill(`\${FDB_VERSION:-${version}}`));
});

void test("pods find the cluster file that the operator writes, and may write their copy of it", () => {
  const { volumes, initContainers, containers } = deployment().template.spec;
  const source = volumes.find((volume) => volume.configMap);
  assert.equal(source?.configMap?.name, `${only("FoundationDBCluster").metadata.name}-config`);
  const [from, to] = initContainers[0].volumeMounts;
  assert.equal(from?.name, source.name);
  assert(containers[0].volumeMounts.some((mount) => mount.name === to?.name && mount.mountPath === to.mountPath));
  assert(
    containers[0].env.some(({ name, value }) => name === "CODI_STORE" && value === `fdb:${to?.mountPath}/fdb.cluster`),
  );
});

void test("a pod has time to leave the service and to drain", () => {
  const { containers, terminationGracePeriodSeconds } = deployment().template.spec;
  const [command, seconds] = containers[0].lifecycle.preStop.exec.command;
  assert.equal(command, "sleep");
  const drain = /kDrainTime = (\d+)s/.exec(readFileSync(join(sourceFolder, "src/base/limits.hpp"), "utf8"))?.[1];
  assert(terminationGracePeriodSeconds > Number(seconds) + Number(drain));
});

void test("service and disruption budget select the pods of the deployment", () => {
  const { selector, template } = deployment();
  assert.deepEqual(template.metadata.labels, selector.matchLabels);
  assert.deepEqual(only("Service").spec["selector"], selector.matchLabels);
  assert.deepEqual(only("PodDisruptionBudget").spec["selector"], selector);
});

void test("every CODI_ variable is a setting, and every FDB_ variable one that FoundationDB reads", () => {
  const settings = readFileSync(join(sourceFolder, "docs/settings.md"), "utf8");
  const compose = parse(deployFile("compose.yaml")) as { services: { codi: { environment: Record<string, string> } } };
  const unit = [...deployFile("codi-fdb.conf").matchAll(/^#?Environment=(\w+)=/gm)].map((found) => found[1] ?? "");
  const pods = Object.values(variants).flatMap((all) => deployment(all).template.spec.containers[0].env);
  const names = new Set([...Object.keys(compose.services.codi.environment), ...unit, ...pods.map(({ name }) => name)]);
  assert(names.size > 7);
  const tls = ["CERTIFICATE_FILE", "KEY_FILE", "CA_FILE", "VERIFY_PEERS"].map((name) => `FDB_TLS_${name}`);
  for (const name of names) assert(tls.includes(name) || settings.includes(`| \`${name}\` |`), name);
});

const haproxy = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].find((path) => existsSync(path));
void test("HAProxy takes its file", { skip: haproxy === undefined && "no haproxy here" }, async () => {
  assert(haproxy);
  const check = (file: string) =>
    run(haproxy, ["-c", "-f", file], { cwd: sourceFolder, env: { PATH: process.env["PATH"] } });
  const found = await check("deploy/haproxy.cfg");
  assert.deepEqual([found.status, found.stderr], [0, ""], found.stdout);
});
