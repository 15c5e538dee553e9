// What the server tells without a credential, read by clients that others wrote.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { connect, done, refused, register } from "../support/api.ts";
import { openScene } from "../support/scene.ts";

const { server } = await openScene();

async function get(path: string): Promise<{ response: Response; text: string }> {
  const response = await fetch(`${server.url}${path}`);
  return { response, text: await response.text() };
}

void test("/healthz tells what was built, /readyz that commits go through", async () => {
  const client = connect(server.url);
  const health = done(await client.GET("/healthz")) as Record<string, unknown>;
  assert.match(String(health["version"]), /^\d+\.\d+\.\d+/);
  assert.match(String(health["commit"]), /^[0-9a-f]{7,}|unknown/);
  assert(health["build_time"]);
  done(await client.GET("/readyz"));
});

void test("/metrics is the text format, and grows by no path, tenant or user agent (Hazard 22)", async () => {
  const before = (await get("/metrics")).text;
  assert.match(before, /^# TYPE codi_\w+ (counter|gauge|histogram)$/m);
  for (let n = 0; n < 40; ++n)
    await fetch(`${server.url}/v1/nothing/${n}`, { headers: { "user-agent": `agent-${n}` } });
  const middle = (await get("/metrics")).text.split("\n").length;
  for (let n = 40; n < 80; ++n)
    await fetch(`${server.url}/v1/nothing/${n}`, { headers: { "user-agent": `agent-${n}` } });
  const after = (await get("/metrics")).text;
  assert.equal(after.split("\n").length, middle);
  assert.doesNotMatch(after, /agent-|nothing/);
});

void test("/docs is a page that loads nothing from elsewhere", async () => {
  const { response, text } = await get("/docs");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  for (const link of links) assert.doesNotMatch(link, /^(https?:)?\/\//, "nothing from elsewhere");
  const assets = links.filter((link) => /\.(js|css)$/.test(link));
  assert(assets.length > 0);
  for (const asset of assets) {
    const loaded = await fetch(new URL(asset, `${server.url}/docs`));
    assert.equal(loaded.status, 200, asset);
    assert.doesNotMatch(
      await loaded.text(),
      /@import|importScripts|https?:\/\/(?!www\.w3\.org|127\.0\.0\.1|localhost)[a-z0-9.-]+\.(com|org|net|io)\/[^ ]*\.(js|css)/,
    );
  }
});

void test("an access token of a login holds by the published keys, and says what it must", async () => {
  const who = await register(server.url);
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
  const header = decodeProtectedHeader(who.access_token);
  assert.equal(header.alg, "ES256");
  assert(header.kid);
  const { payload } = await jwtVerify(who.access_token, keys, { algorithms: ["ES256"] });
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 15 * 60);
  assert.equal(who.expires_in, 15 * 60);
  assert(payload.iss);
  assert(payload.aud);
  assert.equal(payload.sub, who.user.id);
  assert.equal(payload["tenant"], who.tenant.id);
  assert.equal(payload["role"], "owner");
  const jwks = JSON.parse((await get("/.well-known/jwks.json")).text) as { keys: Record<string, unknown>[] };
  assert(jwks.keys.some((key) => key["kid"] === header.kid));
  for (const key of jwks.keys) assert.equal(key["d"], undefined, "no private key");
});

void test("tokens that were tampered with, or that others signed, do not hold", async () => {
  const who = await register(server.url);
  const [head = "", body = "", signature = ""] = who.access_token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const none = encode({ ...decodeProtectedHeader(who.access_token), alg: "none" });
  for (const token of [
    `${none}.${body}.`,
    `${head}.${encode({ ...claims, role: "owner", exp: 9_999_999_999 })}.${signature}`,
    `${head}.${body}.${signature.slice(0, -4)}AAAA`,
    who.access_token.slice(0, -1),
    `${who.access_token}.`,
  ]) {
    const answer = await connect(server.url, token).GET("/v1/me");
    refused(answer, 401, "AUTH-USR-1002");
    assert.match(answer.response.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
});

void test("Hazard 27: logout works at once on every token of the login", async () => {
  const who = await register(server.url);
  const api = connect(server.url, who.access_token);
  done(await api.POST("/v1/projects", { body: { slug: "left", name: "left" } }));
  const started = await api.POST("/v1/projects/{project}/sessions", {
    params: { path: { project: "left" } },
    body: {},
  });
  const session = connect(server.url, done(started).session_token);
  const read = { params: { path: { project: "left" } } };
  done(await session.GET("/v1/projects/{project}", read));
  assert.equal((await api.POST("/v1/auth/logout")).response.status, 204);
  refused(await api.GET("/v1/me"), 401, "AUTH-USR-1002");
  refused(await session.GET("/v1/projects/{project}", read), 401, "AUTH-USR-1002");
  const { refresh_token } = who;
  refused(await connect(server.url).POST("/v1/auth/refresh", { body: { refresh_token } }), 401, "AUTH-USR-1002");
});

void test("Hazard 29: unknown address and wrong password look the same", async () => {
  const who = await register(server.url);
  const client = connect(server.url);
  const wrong = await client.POST("/v1/auth/login", { body: { email: who.user.email, password: "not the password" } });
  const unknown = await client.POST("/v1/auth/login", {
    body: { email: "nobody@example.org", password: "not the password" },
  });
  const [a, b] = [refused(wrong, 401, "AUTH-USR-1001"), refused(unknown, 401, "AUTH-USR-1001")];
  const { request_id: one, ...first } = a;
  const { request_id: two, ...second } = b;
  assert.notEqual(one, two);
  assert.deepEqual(first, second);
});
