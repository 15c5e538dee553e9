// A role's script, line by line, against a fresh server; then a second agent meets what the first one holds and takes it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect, done, refused } from "../support/api.ts";
import { Machine, sourceFolder } from "../support/machine.ts";
import { Server } from "../support/server.ts";

const alias = "RUST-DEVELOPER-SESSION-1";
const file = "src/api/users.rs";
const ownScript = readFileSync(join(sourceFolder, "examples/role-script.sh"), "utf8");
const seedDocument = process.env["CODI_SEED_DOCUMENT"];

/** The lines of a document that are commands for a role's session, as they stand. */
function commandsOf(text: string): string[] {
  return text.split("\n").filter((line) => /^(export|codi-log) /.test(line));
}

/** The same script, with what the first line prints taken into the shell. */
function evaluating(commands: string[]): string[] {
  return commands.map((line) => (line.includes('"SESSION_START"') ? `eval "$(${line})"` : line));
}

async function runScript(t: TestContext, commands: string[]): Promise<void> {
  assert(commands.length > 5, "the document has no codi-log lines");
  const machine = new Machine();
  const server = await Server.start({ machine });
  t.after(async () => {
    await server.stop();
    machine.remove();
  });
  const repository = await machine.repository("repository");
  const script = await machine.run(repository, "bash", ["-euc", commands.join("\n")]);
  assert.equal(script.status, 0, script.stderr);
  if (!commands.some((line) => line.startsWith("eval"))) assert.equal(script.stdout, `export SESSION_ID=${alias}\n`);

  const { token, project } = server.bootstrap;
  const api = connect(server.url, token);
  const path = { project };

  const sessions = done(await api.GET("/v1/projects/{project}/sessions", { params: { path } })).items;
  assert.deepEqual(
    sessions.map(({ alias, role, state }) => ({ alias, role, state })),
    [{ alias, role: "rust-developer", state: "active" }],
  );
  assert(sessions[0]?.completed_at, "the work is complete");

  const claims = done(await api.GET("/v1/projects/{project}/claims", { params: { path } })).items;
  assert.deepEqual(
    claims.map(({ target, session_alias }) => ({ target, session_alias })),
    [{ target: file, session_alias: alias }],
  );
  const first = claims[0];
  assert(first);

  const events = done(await api.GET("/v1/projects/{project}/events", { params: { path } })).items;
  assert.deepEqual(
    events.map((event) => event.action),
    ["SESSION_START", "FILE_CLAIM", "DEVELOPMENT", "TEST", "WORK_COMPLETE", "HANDOFF"],
  );
  assert.deepEqual(events[1]?.paths, [file]);
  assert.equal(events[2]?.data["progress"], 50);
  assert.equal(events[3]?.data["coverage"], 96);
  assert.equal(events[3].data["progress"], undefined, "a number after coverage is no progress");

  const handoffs = done(await api.GET("/v1/projects/{project}/handoffs", { params: { path } })).items;
  assert.equal(handoffs.length, 1);
  const handoff = handoffs[0];
  assert(handoff);
  assert.equal(handoff.to.role, "qa-reviewer");
  assert.equal(handoff.state, "offered");
  assert.deepEqual(
    handoff.claims.map((claim) => claim.target),
    [file],
  );

  const elsewhere = join(machine.folder, "second");
  await machine.git(machine.folder, ["clone", "--quiet", repository, elsewhere]);
  const tried = await machine.codi(elsewhere, ["claim", file]);
  assert.equal(tried.status, 3, tried.stderr);
  assert.match(tried.stderr, new RegExp(alias));
  assert.match(tried.stderr, new RegExp(file));

  await machine.codiDone(elsewhere, ["session", "start", "--role", "qa-reviewer", "--alias", "QA-REVIEWER-SESSION-1"]);
  await machine.codiDone(elsewhere, ["handoff", "accept", handoff.id]);
  const after = done(await api.GET("/v1/projects/{project}/claims", { params: { path } })).items;
  assert.deepEqual(
    after.map(({ id, target, session_alias }) => ({ id, target, session_alias })),
    [{ id: first.id, target: file, session_alias: "QA-REVIEWER-SESSION-1" }],
  );
  const second = after[0];
  assert(second);
  assert(second.fencing_token > first.fencing_token, "fencing tokens only grow");

  const old = { fencing_token: first.fencing_token };
  const claimPath = { project, claim: first.id };
  const checked = { session: alias, targets: [file], ...old };
  const said = { session: alias, action: "FILE_CHANGE", text: "still writing", ...old };
  for (const call of [
    () => api.POST("/v1/projects/{project}/claims/{claim}/renew", { params: { path: claimPath }, body: old }),
    () => api.POST("/v1/projects/{project}/claims/{claim}/release", { params: { path: claimPath }, body: old }),
    () => api.POST("/v1/projects/{project}/claims/check", { params: { path }, body: checked }),
    () => api.POST("/v1/projects/{project}/events", { params: { path }, body: said }),
  ])
    refused(await call(), 409, "CLAIM-USR-3002");
  const own = await machine.codi(elsewhere, ["claim", file]);
  assert.equal(own.status, 0, own.stderr);
}

void test("the script in examples/ as it stands, which never evaluates the export", (t) =>
  runScript(t, commandsOf(ownScript)));

void test("the script in examples/ with the export evaluated", (t) => runScript(t, evaluating(commandsOf(ownScript))));

const skip = seedDocument === undefined && "CODI_SEED_DOCUMENT names no document";

void test("the codi-log lines of the document in CODI_SEED_DOCUMENT as they stand", { skip }, (t) =>
  runScript(t, commandsOf(readFileSync(seedDocument ?? "", "utf8"))),
);

void test("the codi-log lines of the document in CODI_SEED_DOCUMENT with the export evaluated", { skip }, (t) =>
  runScript(t, evaluating(commandsOf(readFileSync(seedDocument ?? "", "utf8")))),
);

void test("a second run of the script gets the next number of the role and is refused the file", async (t) => {
  const machine = new Machine();
  const server = await Server.start({ machine });
  t.after(async () => {
    await server.stop();
    machine.remove();
  });
  const commands = ["-euc", commandsOf(ownScript).join("\n")];
  const first = await machine.run(await machine.repository("first"), "bash", commands);
  assert.equal(first.status, 0, first.stderr);
  const second = await machine.run(await machine.repository("second"), "bash", commands);
  assert.equal(second.stdout, "export SESSION_ID=RUST-DEVELOPER-SESSION-2\n");
  assert.equal(second.status, 3, second.stderr);
  assert.match(second.stderr, new RegExp(alias));
});
