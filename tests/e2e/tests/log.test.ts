// codi-log: several writers at once, and lines that are kept while the server is away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, done, type Schemas } from "../support/api.ts";
import { Machine } from "../support/machine.ts";
import { openScene } from "../support/scene.ts";
import { Server } from "../support/server.ts";

const { machine, server, api, project } = await openScene();

async function allEvents(url: string, token: string, of: string): Promise<Schemas["Event"][]> {
  const client = connect(url, token);
  const events: Schemas["Event"][] = [];
  let after: string | undefined;
  do {
    const query = { limit: 500, ...(after === undefined ? {} : { after }) };
    const page = done(await client.GET("/v1/projects/{project}/events", { params: { path: { project: of }, query } }));
    events.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return events;
}

void test("Hazard 35: five writers at once give whole lines, each once, each writer's in its order", async () => {
  const writers = 5;
  const lines = 8;
  const long = "x".repeat(3_000);
  const text = (writer: number, line: number) => `writer ${writer} line ${line} — ünïcödé 🚀 "quoted" ${long} end`;
  const folder = await machine.repository("writers");
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let line = 0; line < lines; ++line) {
        const written = await machine.codiLog(folder, [`WRITER-${writer}: ${text(writer, line)}`, "PROGRESS"]);
        assert.equal(written.status, 0, written.stderr);
        assert.equal(written.stdout, "");
      }
    }),
  );
  const events = (await allEvents(server.url, server.bootstrap.token, project)).filter(
    (event) => event.action === "PROGRESS",
  );
  assert.equal(events.length, writers * lines);
  for (let writer = 0; writer < writers; ++writer)
    assert.deepEqual(
      events.filter((event) => event.session_alias === `WRITER-${writer}`).map((event) => event.text),
      Array.from({ length: lines }, (_, line) => text(writer, line)),
    );
  const cursors = events.map((event) => event.cursor);
  assert.deepEqual(cursors, cursors.toSorted(), "cursors compare in the order of the log");
});

void test("a verb and an action that disagree: the action wins, and the event says so", async () => {
  const folder = await machine.repository("mismatch");
  const written = await machine.codiLog(folder, ["MISMATCH-1: FILE_CLAIM src/x.rs", "DEVELOPMENT"]);
  assert.equal(written.status, 0);
  assert.match(written.stderr, /FILE_CLAIM/);
  const query = { session: "MISMATCH-1", action: "DEVELOPMENT" };
  const event = done(await api.GET("/v1/projects/{project}/events", { params: { path: { project }, query } })).items[0];
  assert.equal(event?.data["mismatch"], "FILE_CLAIM");
  assert.deepEqual(
    done(await api.GET("/v1/projects/{project}/claims", { params: { path: { project }, query: { path: "src/x.rs" } } }))
      .items,
    [],
  );
});

void test("every shape of a session's name is kept as it was given", async () => {
  const folder = await machine.repository("aliases");
  for (const alias of ["ORCHESTRATOR-SESSION-2025-10-06-01", "SESSION7-ORCHESTRATOR", "claude-29583"]) {
    const written = await machine.codiLog(folder, [`${alias}: at work`]);
    assert.equal(written.status, 0, written.stderr);
    const session = done(
      await api.GET("/v1/projects/{project}/sessions/{session}", { params: { path: { project, session: alias } } }),
    );
    assert.equal(session.alias, alias);
  }
});

void test("the timeline follows the log as it grows", async () => {
  const folder = await machine.repository("follow");
  const following = machine.run(folder, "timeout", ["--signal=INT", "4", "codi", "timeline", "--follow"]);
  await new Promise((resolve) => setTimeout(resolve, 800));
  const written = await machine.codiLog(folder, ["FOLLOWED-1: said while somebody looks", "PROGRESS"]);
  assert.equal(written.status, 0, written.stderr);
  assert.match((await following).stdout, /said while somebody looks/);
});

void test("Hazard 20: lines of the time without a server arrive later, in order, once; promises are refused at once", async (t) => {
  const local = new Machine();
  const first = await Server.start({ machine: local });
  t.after(() => {
    local.remove();
  });
  const folder = await local.repository("spooled");
  const say = (line: string, action: string) => local.codiLog(folder, [line, action]);
  assert.equal((await say("AWAY-1: before", "SESSION_START")).status, 0);
  const { address, bootstrap } = first;
  await first.stop();

  for (let n = 0; n < 5; ++n) {
    const kept = await say(`AWAY-1: line ${n}`, "PROGRESS");
    assert.equal(kept.status, 0, kept.stderr);
    assert.match(kept.stderr, /kept/);
  }
  assert.equal((await say("TESTER-SESSION-N: started without a server", "SESSION_START")).status, 0);
  assert.equal((await say("TESTER-SESSION-N: and goes on 40%", "DEVELOPMENT")).status, 0);
  assert.equal((await say("AWAY-1: FILE_CLAIM src/a.rs", "FILE_CLAIM")).status, 4);
  assert.equal((await say("AWAY-1: HANDOFF to QA-REVIEWER", "HANDOFF")).status, 4);
  assert.equal((await local.codi(folder, ["claim", "src/a.rs"])).status, 4);

  const second = await Server.start({ machine: local, listen: address });
  t.after(() => second.stop());
  const sent = await say("AWAY-1: after", "PROGRESS");
  assert.equal(sent.status, 0, sent.stderr);
  const flushed = await local.codiLog(folder, ["--flush", "--json"]);
  assert.deepEqual(JSON.parse(flushed.stdout), { sent: 0 });
  const events = await allEvents(second.url, bootstrap.token, bootstrap.project);
  assert.deepEqual(
    events.map((event) => `${event.session_alias ?? ""}: ${event.text}`),
    [
      "AWAY-1: before",
      ...Array.from({ length: 5 }, (_, n) => `AWAY-1: line ${n}`),
      "TESTER-SESSION-1: started without a server",
      "TESTER-SESSION-1: and goes on 40%",
      "AWAY-1: after",
    ],
  );
  assert.deepEqual(events.map((event) => event.action).slice(-3), ["SESSION_START", "DEVELOPMENT", "PROGRESS"]);
});

void test("Hazard 35: writers that find no server at once keep whole lines, each once", async (t) => {
  const local = new Machine();
  const first = await Server.start({ machine: local });
  const { address, bootstrap } = first;
  t.after(() => {
    local.remove();
  });
  await first.stop();
  const folder = await local.repository("five");
  const wanted = Array.from({ length: 20 }, (_, n) => `line ${n} ${"y".repeat(2_000)}`);
  const kept = await Promise.all(
    wanted.map((text, n) => local.codiLog(folder, [`FIVE-${n % 5}: ${text}`, "PROGRESS"])),
  );
  assert.deepEqual([...new Set(kept.map((one) => one.status))], [0]);
  const second = await Server.start({ machine: local, listen: address });
  t.after(() => second.stop());
  // Two that send at once must not send a line twice.
  const flushed = await Promise.all([local.codiLog(folder, ["--flush"]), local.codiLog(folder, ["--flush"])]);
  assert.deepEqual(
    flushed.map((one) => one.status),
    [0, 0],
  );
  const events = await allEvents(second.url, bootstrap.token, bootstrap.project);
  const texts = events.filter((event) => event.action === "PROGRESS").map((event) => event.text);
  assert.deepEqual(texts.toSorted(), wanted.toSorted());
});
