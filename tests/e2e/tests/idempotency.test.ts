// An answer that is lost after the commit: the retry must not do it twice.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect as connectSocket } from "node:net";
import { test } from "node:test";
import { connect, done, refused, register } from "../support/api.ts";
import { eventually } from "../support/process.ts";
import { makeProject, openScene, startSession, uniqueName } from "../support/scene.ts";

const { server, api } = await openScene();

const header = (key: string) => ({ header: { "Idempotency-Key": key } });

void test("Hazard 20: the same key and body answer the first success, and do nothing twice", async () => {
  const project = await makeProject(api);
  const path = { project };
  const session = (await startSession(api, project)).id;
  const key = randomUUID();
  const body = { session, action: "PROGRESS", text: "once" };
  const send = () => api.POST("/v1/projects/{project}/events", { params: { path, ...header(key) }, body });
  const first = await send();
  const second = await send();
  assert.deepEqual(done(second), done(first), "the cursor too");
  assert.equal(second.response.status, 201);
  const events = done(
    await api.GET("/v1/projects/{project}/events", { params: { path, query: { action: "PROGRESS" } } }),
  );
  assert.equal(events.items.length, 1);
});

void test("Hazard 20: the same key with another body is 422", async () => {
  const slug = uniqueName("keyed");
  const key = randomUUID();
  const params = header(key);
  done(await api.POST("/v1/projects", { params, body: { slug, name: "one" } }));
  refused(await api.POST("/v1/projects", { params, body: { slug, name: "two" } }), 422, "API-USR-2005");
});

void test("the key of one caller says nothing to another", async () => {
  const key = randomUUID();
  const [one, other] = [await register(server.url), await register(server.url)];
  const body = { slug: "same", name: "same" };
  const made = [one, other].map((who) =>
    connect(server.url, who.access_token).POST("/v1/projects", { params: header(key), body }),
  );
  const [first, second] = await Promise.all(made);
  assert(first && second);
  assert.notEqual(done(first).id, done(second).id);
});

void test("a refusal is not kept: the same key may succeed later", async () => {
  const project = await makeProject(api);
  const path = { project };
  const [holder, other] = [await startSession(api, project), await startSession(api, project)];
  const params = { path };
  const granted = done(
    await api.POST("/v1/projects/{project}/claims", { params, body: { session: holder.id, targets: ["a.rs"] } }),
  );
  const key = randomUUID();
  const body = { session: other.id, targets: ["a.rs"] };
  const ask = () => api.POST("/v1/projects/{project}/claims", { params: { path, ...header(key) }, body });
  refused(await ask(), 409, "CLAIM-USR-3001");
  const claim = granted.claims[0]?.id ?? "";
  done(
    await api.POST("/v1/projects/{project}/claims/{claim}/release", { params: { path: { project, claim } }, body: {} }),
  );
  done(await ask());
});

void test("Hazard 20: a client that hangs up before the answer repeats the request and gets the answer of the first", async () => {
  const project = await makeProject(api);
  const path = { project };
  const session = (await startSession(api, project)).id;
  const key = randomUUID();
  const body = { session, action: "PROGRESS", text: "said once" };
  const text = JSON.stringify(body);
  const { hostname, port } = new URL(server.url);
  await new Promise<void>((resolve) => {
    const socket = connectSocket(Number(port), hostname, () => {
      const head = [
        `POST /v1/projects/${project}/events HTTP/1.1`,
        `Host: ${hostname}`,
        `Authorization: Bearer ${server.bootstrap.token}`,
        "Content-Type: application/json",
        `Idempotency-Key: ${key}`,
        `Content-Length: ${Buffer.byteLength(text)}`,
      ];
      socket.write(`${head.join("\r\n")}\r\n\r\n${text}`, () => {
        socket.destroy();
        resolve();
      });
    });
  });
  const answer = await eventually("the first one is through", async () => {
    const repeated = await api.POST("/v1/projects/{project}/events", { params: { path, ...header(key) }, body });
    return repeated.response.status === 409 ? undefined : repeated;
  });
  done(answer);
  const events = done(
    await api.GET("/v1/projects/{project}/events", { params: { path, query: { action: "PROGRESS" } } }),
  );
  assert.deepEqual(
    events.items.map((event) => event.text),
    ["said once"],
  );
});

void test("32 copies of one request at once do it once", async () => {
  const project = await makeProject(api);
  const path = { project };
  const session = (await startSession(api, project)).id;
  const key = randomUUID();
  const body = { session, action: "PROGRESS", text: "in a crowd" };
  const answers = await Promise.all(
    Array.from({ length: 32 }, () =>
      api.POST("/v1/projects/{project}/events", { params: { path, ...header(key) }, body }),
    ),
  );
  for (const answer of answers.filter(({ response }) => !response.ok)) refused(answer, 409, "API-USR-2006");
  const events = done(
    await api.GET("/v1/projects/{project}/events", { params: { path, query: { action: "PROGRESS" } } }),
  );
  assert.equal(events.items.length, 1);
});

void test("Hazard 27: a refresh token works once; with its key the repetition is no reuse", async () => {
  const who = await register(server.url);
  const client = connect(server.url);
  const key = randomUUID();
  const refresh = () =>
    client.POST("/v1/auth/refresh", { params: header(key), body: { refresh_token: who.refresh_token } });
  const first = done(await refresh());
  assert.deepEqual(done(await refresh()), first, "the answer that was lost");
  const alive = connect(server.url, first.access_token);
  done(await alive.GET("/v1/me"));
  refused(await client.POST("/v1/auth/refresh", { body: { refresh_token: who.refresh_token } }), 401, "AUTH-USR-1002");
  refused(await alive.GET("/v1/me"), 401, "AUTH-USR-1002");
  refused(
    await client.POST("/v1/auth/refresh", { body: { refresh_token: first.refresh_token } }),
    401,
    "AUTH-USR-1002",
  );
});
