// The public conformance suite of the Model Context Protocol, against codi's own layer of it: a test program serves
// what the suite asks a server to offer (tests/mcp_fixture).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { codiBinary, Machine } from "../support/machine.ts";
import { eventually } from "../support/process.ts";

const machine = new Machine();
const suite = join(import.meta.dirname, "../node_modules/@modelcontextprotocol/conformance/dist/index.js");

/** What the suite runs beside the requirements and codi does not do, each with the reason. */
const notOffered: Record<string, string> = {
  "tasks-lifecycle": "the tasks extension: what waits at codi is a ticket, which has operations of its own",
  "tasks-capability-negotiation": "the tasks extension",
  "tasks-wire-fields": "the tasks extension",
  "tasks-request-state-removal": "the tasks extension",
  "tasks-mrtr-input": "the tasks extension",
  "tasks-request-headers": "the tasks extension",
  "tasks-dispatch-and-envelope": "the tasks extension",
  "tasks-required-task-error": "the tasks extension",
  "tasks-mrtr-composition": "the tasks extension",
  "http-custom-header-server-validation": "no tool of codi asks for an argument to be repeated in a header",
};

async function startFixture(): Promise<string> {
  const child = spawn(join(dirname(codiBinary), "mcp_fixture"), { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill());
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  return eventually("the fixture listens", () => /^(http:\S+)\n/.exec(printed)?.[1]);
}

const address = await startFixture();

for (const revision of ["2026-07-28", "2025-11-25"]) {
  void test(`the layer conforms to the revision ${revision}`, { timeout: 240_000 }, async () => {
    const folder = machine.makeFolder(`conformance-${revision}`);
    const words = [suite, "server", "--url", address, "--requirements", revision];
    const outcome = await machine.run(folder, process.execPath, words);
    assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
    const failed = [...outcome.stdout.matchAll(/^✗ ([\w-]+):/gm)].map((line) => line[1] ?? "");
    const passed = [...outcome.stdout.matchAll(/^✓ ([\w-]+):/gm)];
    assert.ok(passed.length >= 30, outcome.stdout);
    assert.deepEqual(
      failed.filter((scenario) => notOffered[scenario] === undefined),
      [],
    );
  });
}
