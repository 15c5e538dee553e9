// The description that the server gives of itself: judged by linters, and by every answer that the operations give.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { answeredBy, connect, documentOf, done } from "../support/api.ts";
import { makeHousehold } from "../support/household.ts";
import { sourceFolder } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { openScene, startSession, uniqueName } from "../support/scene.ts";

const { server, machine } = await openScene();
const modules = join(sourceFolder, "tests/e2e/node_modules");
const file = join(machine.folder, "openapi.json");

before(async () => {
  const { writeFile } = await import("node:fs/promises");
  await writeFile(file, await (await fetch(`${server.url}/openapi.json`)).text());
});

function lint(program: string, ...words: string[]) {
  const env = { ...machine.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" };
  return run(process.execPath, [join(modules, program), ...words], { cwd: join(sourceFolder, "tests/e2e"), env });
}

void test("redocly finds no error and no warning", async () => {
  const found = await lint("@redocly/cli/bin/cli.js", "lint", "--format=json", "--config=redocly.yaml", file);
  const { problems } = JSON.parse(found.stdout) as {
    problems: { ruleId: string; message: string; location: unknown }[];
  };
  assert.deepEqual(problems, []);
  assert.equal(found.status, 0, found.stderr);
});

void test("spectral finds no error and no warning", async () => {
  const words = ["lint", "--fail-severity=hint", "--format=json", "--quiet", "--ruleset=.spectral.yaml", file];
  const found = await lint("@stoplight/spectral-cli/dist/index.js", ...words);
  assert.deepEqual(JSON.parse(found.stdout), [], found.stdout);
  assert.equal(found.status, 0, found.stderr);
});

void test("every operation has an id of its own, says who may call it, and answers as it says", async () => {
  const document = await documentOf(server.url);
  const ids = document.operations.map((operation) => operation.id);
  assert.equal(new Set(ids).size, ids.length);

  const house = await makeHousehold(server.url);
  const { api, project, session, taker, claim, ticket, workflow, handoff, message } = house;
  const anyone = connect(server.url);
  const administration = connect(server.url, server.bootstrap.operator_token);
  const path = { project: project.slug };

  await Promise.all([
    anyone.GET("/healthz"),
    anyone.GET("/readyz"),
    anyone.GET("/openapi.json"),
    anyone.GET("/asyncapi.json"),
    anyone.GET("/.well-known/jwks.json"),
    anyone.GET("/metrics", { parseAs: "text" }),
    anyone.GET("/docs", { parseAs: "text" }),
    administration.GET("/v1/operator/backup", { parseAs: "text" }),
  ]);
  const tenant = done(await administration.GET("/v1/operator/tenants")).items[0];
  assert(tenant);
  const tenantPath = { params: { path: { tenant: tenant.id } } };
  done(await administration.GET("/v1/operator/tenants/{tenant}", tenantPath));
  done(
    await administration.PATCH("/v1/operator/tenants/{tenant}", { ...tenantPath, body: { quotas: { claims: 9_000 } } }),
  );

  done(await administration.POST("/v1/operator/signing-keys", { body: {} }));
  done(await administration.GET("/v1/operator/signing-keys"));

  // Reading.
  done(await api.GET("/v1/me"));
  done(await api.GET("/v1/tenant"));
  done(await api.GET("/v1/users"));
  done(await api.GET("/v1/users/{user_id}", { params: { path: { user_id: house.member.id } } }));
  done(await api.GET("/v1/invites"));
  done(await api.GET("/v1/tokens"));
  done(await api.GET("/v1/audit"));
  done(await api.GET("/v1/projects"));
  done(await api.GET("/v1/projects/{project}", { params: { path } }));
  done(await api.GET("/v1/projects/{project}/sessions", { params: { path } }));
  done(
    await api.GET("/v1/projects/{project}/sessions/{session}", {
      params: { path: { ...path, session: session.alias } },
    }),
  );
  done(
    await api.GET("/v1/projects/{project}/events", {
      params: { path, query: { session: session.id, since: "2020-01-01T00:00:00.000Z" } },
    }),
  );
  done(await api.GET("/v1/projects/{project}/claims", { params: { path, query: { path: "src/" } } }));
  done(await api.GET("/v1/projects/{project}/claims/{claim}", { params: { path: { ...path, claim: claim.id } } }));
  done(await api.GET("/v1/projects/{project}/owners", { params: { path } }));
  done(
    await api.POST("/v1/projects/{project}/owners/match", {
      params: { path },
      body: { targets: ["src/", { kind: "glob", path: "**/*.rs" }] },
    }),
  );
  const rolePath = { params: { path: { ...path, name: "builder" } } };
  done(
    await api.PUT("/v1/projects/{project}/roles/{name}", {
      ...rolePath,
      body: {
        purpose: "Builds it",
        boundaries: [{ target: "src/", note: "All" }],
        gates: [{ name: "Coverage", measure: "coverage", op: ">=", threshold: 95, unit: "%" }],
        triggers: [{ kind: "delegate", to: "tester", when: "Coverage drops below 95%" }],
      },
    }),
  );
  const report = { session: session.id, commit: "abc", measures: { coverage: 92.5, p95_ms: 87 } };
  done(await api.POST("/v1/projects/{project}/reports", { params: { path }, body: report }));
  done(await api.GET("/v1/projects/{project}/gates", { params: { path, query: { role: "builder" } } }));
  done(
    await api.POST("/v1/projects/{project}/roles/{name}/triggers/{n}/pull", {
      params: { path: { ...path, name: "builder", n: 1 } },
      body: { session: session.id, reason: "seen" },
    }),
  );
  done(await api.GET("/v1/projects/{project}/roles", { params: { path } }));
  done(await api.GET("/v1/projects/{project}/roles/{name}", rolePath));
  done(await api.GET("/v1/projects/{project}/roles/{name}/scorecard", rolePath));
  done(await api.POST("/v1/projects/{project}/roles/lint", { params: { path } }));
  const loan = done(
    await api.POST("/v1/projects/{project}/roles/{name}/lend", {
      ...rolePath,
      body: { path: "src/x", to_role: "tester", until: new Date(Date.now() + 3_600_000).toISOString() },
    }),
  );
  done(await api.GET("/v1/projects/{project}/roles/{name}/loans", rolePath));
  const workflowPath = { ...path, workflow: workflow.id };
  done(await api.GET("/v1/projects/{project}/workflows", { params: { path, query: { session: session.id } } }));
  done(await api.GET("/v1/projects/{project}/workflows/{workflow}", { params: { path: workflowPath } }));
  done(await api.GET("/v1/projects/{project}/handoffs", { params: { path } }));
  done(
    await api.GET("/v1/projects/{project}/handoffs/{handoff}", { params: { path: { ...path, handoff: handoff.id } } }),
  );

  done(
    await api.GET("/v1/projects/{project}/inbox", { params: { path, query: { session: session.id, unacked: true } } }),
  );
  const messagePath = { params: { path: { ...path, message: message.id } } };
  done(await api.GET("/v1/projects/{project}/messages/{message}", messagePath));
  done(await api.GET("/v1/projects/{project}/messages/{message}/acks", messagePath));

  // Changing.
  done(await api.PATCH("/v1/tenant", { body: { name: uniqueName("Renamed") } }));
  done(
    await api.PATCH("/v1/users/{user_id}", {
      params: { path: { user_id: house.member.id } },
      body: { role: "viewer" },
    }),
  );
  done(await api.PATCH("/v1/projects/{project}", { params: { path }, body: { policies: { retention_days: 30 } } }));
  const sessionPath = { ...path, session: session.id };
  done(await api.POST("/v1/projects/{project}/sessions/{session}/heartbeat", { params: { path: sessionPath } }));
  done(
    await api.POST("/v1/projects/{project}/log", {
      params: { path },
      body: { line: "LINE-SESSION-N: begin", action: "SESSION_START" },
    }),
  );
  done(
    await api.POST("/v1/projects/{project}/claims/check", {
      params: { path },
      body: { targets: ["src/", { kind: "file", path: "a[1].rs" }] },
    }),
  );
  done(
    await api.POST("/v1/projects/{project}/claims/{claim}/renew", {
      params: { path: { ...path, claim: claim.id } },
      body: { ttl_seconds: 60 },
    }),
  );

  done(await api.POST("/v1/projects/{project}/messages/{message}/ack", { ...messagePath, body: {} }));
  done(
    await api.POST("/v1/projects/{project}/workflows/{workflow}/steps/{n}/done", {
      params: { path: { ...workflowPath, n: 2 } },
      body: { session: session.id },
    }),
  );
  const step = { params: { path: { ...path, handoff: handoff.id } }, body: { session: taker.id } };
  done(await api.POST("/v1/projects/{project}/handoffs/{handoff}/accept", step));
  done(await api.POST("/v1/projects/{project}/handoffs/{handoff}/complete", step));
  done(
    await api.POST("/v1/projects/{project}/workflows/{workflow}/cancel", {
      params: { path: workflowPath },
      body: { session: taker.id, reason: "not now" },
    }),
  );
  const offer = async () =>
    done(
      await api.POST("/v1/projects/{project}/handoffs", {
        params: { path },
        body: { session: session.id, to: { session: taker.id }, summary: "more" },
      }),
    ).id;
  const declined = { ...path, handoff: await offer() };
  done(
    await api.POST("/v1/projects/{project}/handoffs/{handoff}/decline", {
      params: { path: declined },
      body: { session: taker.id, reason: "no" },
    }),
  );
  const withdrawn = { ...path, handoff: await offer() };
  done(
    await api.POST("/v1/projects/{project}/handoffs/{handoff}/withdraw", {
      params: { path: withdrawn },
      body: { session: session.id },
    }),
  );

  done(await api.GET("/v1/projects/{project}/claims/tickets", { params: { path } }));
  const ticketPath = { params: { path: { ...path, ticket } } };
  done(await api.GET("/v1/projects/{project}/claims/tickets/{ticket}", ticketPath));
  done(await api.DELETE("/v1/projects/{project}/claims/tickets/{ticket}", ticketPath));
  const asked = { params: { path: { ...path, claim: claim.id } }, body: { session: session.id } };
  done(await api.POST("/v1/projects/{project}/claims/{claim}/request-release", asked));
  const ofClaim = { params: { path: { ...path, claim: claim.id } } };
  done(await api.POST("/v1/projects/{project}/claims/{claim}/answer-release", { ...ofClaim, body: { grant: false } }));
  done(await api.POST("/v1/projects/{project}/claims/{claim}/mode", { ...ofClaim, body: { mode: "shared" } }));
  done(
    await api.POST("/v1/projects/{project}/claims/{claim}/transfer", { ...ofClaim, body: { to_session: session.id } }),
  );
  const rename = { session: session.id, from: claim.target, to: `${claim.target}.moved` };
  done(await api.POST("/v1/projects/{project}/claims/move", { params: { path }, body: rename }));
  const release = { params: { path: { ...path, claim: claim.id } }, body: {} };
  done(await api.POST("/v1/projects/{project}/claims/{claim}/release", release));
  const wish = { params: { path }, body: { session: taker.id, targets: ["src/forced.rs"] } };
  const [forced] = done(await api.POST("/v1/projects/{project}/claims", wish)).claims;
  assert(forced);
  done(
    await api.DELETE("/v1/projects/{project}/claims/{claim}", {
      params: { path: { ...path, claim: forced.id } },
      body: { reason: "stuck" },
    }),
  );
  done(await api.POST("/v1/projects/{project}/sessions/{session}/end", { params: { path: sessionPath }, body: {} }));

  // Credentials, and what ends them.
  const { email } = house.owner.user;
  const signedIn = done(await anyone.POST("/v1/auth/login", { body: { email, password: house.owner.password } }));
  const refreshed = done(await anyone.POST("/v1/auth/refresh", { body: { refresh_token: signedIn.refresh_token } }));
  const login = connect(server.url, refreshed.access_token);
  done(await login.POST("/v1/auth/password", { body: { old: house.owner.password, new: "another long password" } }));
  const gone = await Promise.all([
    login.DELETE("/v1/invites/{id}", { params: { path: { id: house.invite.id } } }),
    login.DELETE("/v1/tokens/{id}", { params: { path: { id: house.token.id } } }),
    login.DELETE("/v1/users/{user_id}", { params: { path: { user_id: house.member.id } } }),
  ]);
  assert.deepEqual(
    gone.map(({ response }) => response.status),
    [204, 204, 204],
  );
  const loanPath = { ...rolePath.params.path, loan: loan.id };
  const ended = await login.DELETE("/v1/projects/{project}/roles/{name}/loans/{loan}", { params: { path: loanPath } });
  assert.equal(ended.response.status, 204);
  assert.equal((await login.DELETE("/v1/projects/{project}/roles/{name}", rolePath)).response.status, 204);
  assert.equal((await login.DELETE("/v1/projects/{project}/owners", { params: { path } })).response.status, 204);
  assert.equal((await login.DELETE("/v1/projects/{project}", { params: { path } })).response.status, 204);
  assert.equal((await login.POST("/v1/auth/logout")).response.status, 204);

  const called = answeredBy(server.url);
  const missing = document.operations.filter(
    ({ method, path: route }) => !called.has(`${method.toUpperCase()} ${route}`),
  );
  assert.deepEqual(
    missing.map((operation) => operation.id),
    ["follow_log"], // has no end: feed.test.ts
    "call these operations here too",
  );
});

void test("a list that has no more says so, and a page can be followed", async () => {
  const { api, project } = await makeHousehold(server.url);
  const path = { project: project.slug };
  for (let n = 0; n < 2; ++n) await startSession(api, project.slug);
  const first = done(await api.GET("/v1/projects/{project}/sessions", { params: { path, query: { limit: 4 } } }));
  assert.equal(first.items.length, 4);
  assert(first.next);
  const second = done(
    await api.GET("/v1/projects/{project}/sessions", { params: { path, query: { limit: 4, after: first.next } } }),
  );
  assert.equal(second.items.length, 1);
  assert.equal(second.next, null);
});

void test("ETag, If-None-Match and If-Match", async () => {
  const { api, project } = await makeHousehold(server.url);
  const path = { project: project.slug };
  const read = await api.GET("/v1/projects/{project}", { params: { path } });
  const tag = read.response.headers.get("etag");
  assert(tag);
  const unchanged = await api.GET("/v1/projects/{project}", { params: { path }, headers: { "If-None-Match": tag } });
  assert.equal(unchanged.response.status, 304);
  const change = { params: { path, header: { "If-Match": tag } }, body: { name: "changed" } };
  const changed = await api.PATCH("/v1/projects/{project}", change);
  assert.notEqual(changed.response.headers.get("etag"), tag);
  done(changed);
  assert.equal((await api.PATCH("/v1/projects/{project}", change)).response.status, 412);
});
