// One JSON line a request, with what is needed to find it and no secret.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, done, register, type Schemas } from "../support/api.ts";
import { eventually } from "../support/process.ts";
import { openScene, startSession } from "../support/scene.ts";

const { server, api, project } = await openScene();

const fields = [
  "timestamp",
  "level",
  "service",
  "component",
  "action",
  "tenant_id",
  "user_id",
  "session_id",
  "trace_id",
  "span_id",
  "request_id",
  "endpoint",
  "method",
  "status",
  "duration_ms",
  "metadata",
];

type Line = Record<string, unknown>;

function lines(): Line[] {
  const text = server.log.slice(0, server.log.lastIndexOf("\n") + 1);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

function lineOf(requestId: string): Promise<Line> {
  return eventually(`the line of ${requestId}`, () => lines().find((line) => line["request_id"] === requestId));
}

async function call(
  path: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
): Promise<Line> {
  const requestId = `e2e-${Math.random().toString(36).slice(2)}`;
  const response = await fetch(`${server.url}${path}`, {
    ...init,
    headers: { ...init.headers, "X-Request-Id": requestId },
  });
  assert.equal(response.headers.get("x-request-id"), requestId);
  return lineOf(requestId);
}

void test("each request has one line with all fields; the endpoint is the route", async () => {
  const authorization = `Bearer ${server.bootstrap.token}`;
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const line = await call(`/v1/projects/${project}?`, { headers: { authorization, traceparent } });
  for (const field of fields) assert(field in line, field);
  assert.equal(line["endpoint"], "/v1/projects/{project}");
  assert.equal(line["method"], "GET");
  assert.equal(line["status"], 200);
  assert.equal(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  assert.match(String(line["span_id"]), /^[0-9a-f]{16}$/);
  assert.notEqual(line["span_id"], "b7ad6b7169203331");
  assert.match(String(line["timestamp"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(typeof line["duration_ms"], "number");
  const me = done(await api.GET("/v1/me"));
  assert.equal(line["tenant_id"], me.tenant.id);
  assert.equal(line["user_id"], me.user.id);
});

void test("a session's own calls name the session", async () => {
  const session = await startSession(api, project);
  const authorization = `Bearer ${session.session_token}`;
  const line = await call(`/v1/projects/${project}`, { headers: { authorization } });
  assert.equal(line["session_id"], session.id);
});

void test("refusals, unknown routes and bad requests have their line as well", async () => {
  assert.equal((await call("/v1/me"))["status"], 401);
  assert.equal((await call("/v1/tenant/../nothing-here"))["status"], 404);
  const bad = await call("/v1/auth/login", {
    method: "POST",
    body: "{",
    headers: { "content-type": "application/json" },
  });
  assert.equal(bad["status"], 400);
  for (const line of lines())
    for (const field of ["timestamp", "level", "service", "component", "action"]) assert(field in line, field);
});

void test("Hazard 25: no secret and no address of a person is in any line", async () => {
  const who = await register(server.url);
  const owner = connect(server.url, who.access_token);
  const secrets = [who.password, who.user.email, who.access_token, who.refresh_token];
  done(await connect(server.url).POST("/v1/auth/login", { body: { email: who.user.email, password: who.password } }));
  const wrong = "a wrong planted password";
  await connect(server.url).POST("/v1/auth/login", { body: { email: who.user.email, password: wrong } });
  const refreshed = done(
    await connect(server.url).POST("/v1/auth/refresh", { body: { refresh_token: who.refresh_token } }),
  );
  const changed = "a planted new password";
  done(await owner.POST("/v1/auth/password", { body: { old: who.password, new: changed } }));
  const permissions: Schemas["CreateToken"]["permissions"] = ["project_read"];
  const token = done(await owner.POST("/v1/tokens", { body: { name: "planted", permissions, expires_in: 600 } }));
  done(await connect(server.url, token.token).GET("/v1/projects"));
  const invite = done(await owner.POST("/v1/invites", { body: { role: "member", email: "planted@example.org" } }));
  const joiner = { email: "planted@example.org", password: "planted invite password", name: "Planted" };
  done(
    await connect(server.url).POST("/v1/invites/{code}/accept", {
      params: { path: { code: invite.code } },
      body: joiner,
    }),
  );
  done(await owner.POST("/v1/projects", { body: { slug: "planted-slug", name: "Planted" } }));
  const session = await startSession(owner, "planted-slug");
  const text = "planted words of a work log";
  const body = { session: session.alias, action: "INFO", text };
  done(
    await connect(server.url, session.session_token).POST("/v1/projects/{project}/events", {
      params: { path: { project: "planted-slug" } },
      body,
    }),
  );
  await call("/v1/projects?after=planted-query", { headers: { authorization: "Bearer codi_planted_bearer" } });
  const { token: ownerToken, operator_token: operatorToken } = server.bootstrap;
  secrets.push(
    wrong,
    changed,
    refreshed.access_token,
    refreshed.refresh_token,
    token.token,
    invite.code,
    joiner.email,
    joiner.password,
    session.session_token,
    text,
    "planted-query",
    "codi_planted_bearer",
    ownerToken,
    operatorToken,
    "planted-slug",
  );
  for (const secret of secrets) assert(!server.log.includes(secret), `${secret} is in the log`);
  assert(!server.log.includes(who.access_token.split(".")[2] ?? "?"), "no part of a token");
});
