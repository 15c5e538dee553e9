// Claims by HTTP and by the command line, with the hazards that systems of this kind met.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, done, refused } from "../support/api.ts";
import { eventually } from "../support/process.ts";
import { makeProject, openScene, startSession, uniqueName } from "../support/scene.ts";

const { machine, server, api, project: defaultProject } = await openScene();

function claim(project: string, session: string, targets: string[], more: { ttl_seconds?: number } = {}) {
  return api.POST("/v1/projects/{project}/claims", {
    params: { path: { project } },
    body: { session, targets, ...more },
  });
}

async function liveTargets(project: string): Promise<string[]> {
  const listed = done(await api.GET("/v1/projects/{project}/claims", { params: { path: { project } } }));
  return listed.items.map((one) => one.target);
}

for (const callers of [2, 8, 64]) {
  void test(`Hazard 3: of ${callers} callers at once exactly one gets the file`, async () => {
    const project = await makeProject(api);
    const sessions = await Promise.all(Array.from({ length: callers }, () => startSession(api, project)));
    const answers = await Promise.all(sessions.map((session) => claim(project, session.id, ["src/one.rs"])));
    const winners = answers.filter(({ response }) => response.status === 201);
    assert.equal(winners.length, 1);
    const holder = winners[0]?.data?.claims[0]?.session_alias;
    for (const answer of answers.filter(({ response }) => response.status !== 201)) {
      const problem = refused(answer, 409, "CLAIM-USR-3001");
      assert.equal(problem.conflicts?.[0]?.session_alias, holder);
    }
    assert.deepEqual(await liveTargets(project), ["src/one.rs"]);
  });
}

void test("Hazard 3: of 8 processes at once exactly one gets the file", async () => {
  const folders = await Promise.all(Array.from({ length: 8 }, () => machine.repository(uniqueName("racer"))));
  const outcomes = await Promise.all(folders.map((folder) => machine.codi(folder, ["claim", "raced/file.rs"])));
  assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), [0, 3, 3, 3, 3, 3, 3, 3]);
  assert.deepEqual(
    (await liveTargets(defaultProject)).filter((target) => target.startsWith("raced/")),
    ["raced/file.rs"],
  );
});

void test("Hazard 4: a batch is granted whole or not at all", async () => {
  const project = await makeProject(api);
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  done(await claim(project, holder.id, ["src/b.rs"]));
  const problem = refused(await claim(project, other.id, ["src/a.rs", "src/b.rs", "src/c/"]), 409, "CLAIM-USR-3001");
  assert.deepEqual(
    problem.conflicts?.map((one) => one.target),
    ["src/b.rs"],
  );
  assert.deepEqual(await liveTargets(project), ["src/b.rs"]);
  const granted = done(await claim(project, other.id, ["src/a.rs", "src/c/"]));
  assert.deepEqual(
    granted.claims.map((one) => one.target),
    ["src/a.rs", "src/c/"],
  );
  assert(
    granted.claims.every((one) => one.fencing_token === granted.fencing_token),
    "one token a batch",
  );
});

void test("Hazard 2: every spelling of a path is the same file", async () => {
  const project = await makeProject(api);
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  done(await claim(project, holder.id, ["src/caf\u00e9.rs"]));
  for (const spelling of [
    "./src/café.rs",
    "/src/café.rs",
    "src//café.rs",
    "src/a/../café.rs",
    "src\\café.rs",
    "src/cafe\u0301.rs",
    "src/",
  ])
    refused(await claim(project, other.id, [spelling]), 409, "CLAIM-USR-3001");
  done(await claim(project, other.id, ["src/CAFÉ.rs"]));
  for (const outside of ["../x", "src/../../x", "C:\\x", ""]) {
    const problem = refused(await claim(project, other.id, [outside]), 422, "API-USR-2001");
    assert.match(problem.errors?.[0]?.pointer ?? "", /^\/targets\/0/);
  }
});

void test("Hazard 2: a project may hold upper and lower case for the same", async () => {
  const project = await makeProject(api, { case_sensitive: false });
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  done(await claim(project, holder.id, ["src/Main.rs"]));
  refused(await claim(project, other.id, ["SRC/main.RS"]), 409, "CLAIM-USR-3001");
});

void test("Hazard 9: who holds a claim is told by the credential, not by a field", async () => {
  const project = await makeProject(api);
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  const granted = done(await claim(project, holder.id, ["src/mine.rs"]));
  const stranger = connect(server.url, other.session_token);
  const path = { project, claim: granted.claims[0]?.id ?? "" };
  refused(
    await stranger.POST("/v1/projects/{project}/claims/{claim}/release", { params: { path }, body: {} }),
    403,
    "AUTH-USR-1003",
  );
  refused(
    await stranger.POST("/v1/projects/{project}/claims/{claim}/renew", { params: { path }, body: {} }),
    403,
    "AUTH-USR-1003",
  );
  refused(
    await stranger.POST("/v1/projects/{project}/claims", {
      params: { path: { project } },
      body: { session: holder.id, targets: ["src/other.rs"] },
    }),
    403,
    "AUTH-USR-1003",
  );
  assert.deepEqual(await liveTargets(project), ["src/mine.rs"]);
});

void test("Hazard 10, 12: a claim runs out on time while nobody calls, and its holder is told", async () => {
  const project = await makeProject(api);
  const path = { project };
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  const granted = done(await claim(project, holder.id, ["src/short.rs"], { ttl_seconds: 1 }));
  const event = await eventually("the claim runs out", async () => {
    const query = { action: "CLAIM_EXPIRED" };
    return done(await api.GET("/v1/projects/{project}/events", { params: { path, query } })).items[0];
  });
  assert.deepEqual(event.paths, ["src/short.rs"]);
  assert.equal(event.session_id, holder.id);
  assert.deepEqual(await liveTargets(project), []);
  const body = { session: holder.id, action: "FILE_CHANGE", text: "still at it", fencing_token: granted.fencing_token };
  refused(await api.POST("/v1/projects/{project}/events", { params: { path }, body }), 409, "CLAIM-USR-3002");
  const next = done(await claim(project, other.id, ["src/short.rs"]));
  assert(next.fencing_token !== null && granted.fencing_token !== null && next.fencing_token > granted.fencing_token);
});

void test("Hazard 8: a claim that was renewed a moment before does not run out", async () => {
  const project = await makeProject(api);
  const holder = await startSession(api, project);
  const granted = done(await claim(project, holder.id, ["src/kept.rs"], { ttl_seconds: 1 }));
  const path = { project, claim: granted.claims[0]?.id ?? "" };
  const end = Date.now() + 4_500;
  while (Date.now() < end) {
    const renewed = done(await api.POST("/v1/projects/{project}/claims/{claim}/renew", { params: { path }, body: {} }));
    assert.equal(renewed.fencing_token, granted.fencing_token, "a renewal keeps the token");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.deepEqual(await liveTargets(project), ["src/kept.rs"]);
});

void test("Hazard 12: a session that ends frees its claims and says so", async () => {
  const project = await makeProject(api);
  const path = { project };
  const holder = await startSession(api, project);
  done(await claim(project, holder.id, ["src/a.rs", "src/b/"]));
  done(
    await api.POST("/v1/projects/{project}/sessions/{session}/end", {
      params: { path: { project, session: holder.alias } },
      body: {},
    }),
  );
  assert.deepEqual(await liveTargets(project), []);
  const events = done(await api.GET("/v1/projects/{project}/events", { params: { path } })).items;
  assert.deepEqual(
    events.map((event) => event.action),
    ["SESSION_START", "FILE_CLAIM", "SESSION_END"],
  );
  assert.deepEqual(events[2]?.paths.toSorted(), ["src/a.rs", "src/b/"]);
});

void test("Hazard 15: a page is filled after the filter", async () => {
  const project = await makeProject(api);
  const path = { project };
  const [many, one] = [await startSession(api, project), await startSession(api, project)];
  done(
    await claim(
      project,
      many.id,
      Array.from({ length: 60 }, (_, n) => `src/many-${n}.rs`),
    ),
  );
  done(await claim(project, one.id, ["src/one.rs"]));
  const query = { session: one.id, limit: 1 };
  const page = done(await api.GET("/v1/projects/{project}/claims", { params: { path, query } }));
  assert.deepEqual(
    page.items.map((item) => item.target),
    ["src/one.rs"],
  );

  const seen: string[] = [];
  let after: string | undefined;
  do {
    const step = { limit: 7, ...(after === undefined ? {} : { after }) };
    const next = done(await api.GET("/v1/projects/{project}/claims", { params: { path, query: step } }));
    seen.push(...next.items.map((item) => item.target));
    after = next.next ?? undefined;
  } while (after !== undefined);
  assert.equal(seen.length, 61);
  assert.equal(new Set(seen).size, 61, "no page repeats");
});

void test("Hazard 26: numbered aliases never collide, also when they are asked for at once", async () => {
  const project = await makeProject(api);
  const started = await Promise.all(
    Array.from({ length: 16 }, () => startSession(api, project, { alias: "WRITER-SESSION-N" })),
  );
  assert.deepEqual(
    started.map((session) => session.alias).toSorted(),
    Array.from({ length: 16 }, (_, n) => `WRITER-SESSION-${n + 1}`).toSorted(),
  );
  const again = await api.POST("/v1/projects/{project}/sessions", {
    params: { path: { project } },
    body: { alias: "writer-session-3" },
  });
  refused(again, 409, "API-USR-2003");
});
