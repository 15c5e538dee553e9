// Another tenant's thing, and another project's for a token scoped to one, can't be told from one that never existed.
// The operations are read from the server's own list, so that a new one is covered without anyone thinking of it.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test } from "node:test";
import { documentOf } from "../support/api.ts";
import { type Household, makeHousehold } from "../support/household.ts";
import type { Operation, Schema } from "../support/openapi.ts";
import { openScene } from "../support/scene.ts";

const { server } = await openScene();
const document = await documentOf(server.url);
const theirs = await makeHousehold(server.url);
const theirSecond = await makeHousehold(server.url, theirs);
const ours = await makeHousehold(server.url);

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
type Item = Record<string, Json>;

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

async function send(token: string, method: string, path: string, body?: Json): Promise<Answer> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(`${server.url}${path}`, {
    method: method.toUpperCase(),
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

/** What must be the same in the answers for two names. */
function comparable(answer: Answer, name: string): unknown {
  const own = /^(date|x-request-id|traceparent|ratelimit-.*)$/;
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([header]) => !own.test(header)));
  const text = answer.text.replaceAll(encodeURIComponent(name), name).replaceAll(name, "NAME");
  const body = text === "" ? {} : (JSON.parse(text) as Item);
  delete body["request_id"];
  return { status: answer.status, headers, body };
}

/** A name of the same shape that nothing ever had. */
function neverExisted(name: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(name)) return name.slice(0, -12) + randomBytes(6).toString("hex");
  const random = randomBytes(name.length)
    .toString("hex")
    .slice(0, Math.min(4, name.length - 1));
  return name.slice(0, 1) + random + name.slice(random.length + 1);
}

/** What a member must look like to be valid, where its schema does not say all. */
const samples: Record<string, Json> = {
  line: "WORKER-SESSION-9: at work",
  until: new Date(Date.now() + 3_600_000).toISOString(),
  measures: { coverage: 1 },
};

function sample(schema: Schema): Json {
  const { type, enum: choices, oneOf, anyOf, format, pattern, items, ...more } = document.resolve(schema);
  if (choices) return choices.find((choice) => choice !== null) as Json;
  const alternatives = oneOf ?? anyOf;
  if (alternatives?.[0]) return sample(alternatives[0]);
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return Object.fromEntries(
        (more.required ?? []).map((name) => [name, samples[name] ?? sample(more.properties?.[name] ?? {})]),
      );
    case "array":
      return [sample(items ?? {})];
    case "integer":
    case "number":
      return more.minimum ?? 1;
    case "boolean":
      return false;
    default:
      if (format === "uuid") return randomUUID();
      if (format === "date-time") return "2025-01-01T00:00:00.000Z";
      if (pattern && !new RegExp(pattern).test("X")) return "0".repeat(32); // a cursor
      return "X".repeat(more.minLength ?? 1);
  }
}

/** The names under which an item of a list can be asked for. */
function namesOf(item: Item): string[] {
  // A role has its name as its address.
  const members = "boundaries" in item ? ["name"] : ["id", "alias", "slug"];
  return members.map((member) => item[member]).filter((name) => typeof name === "string");
}

async function listed(token: string, collection: string): Promise<Item[]> {
  const answer = await send(token, "get", collection);
  assert.equal(answer.status, 200, `${collection} must be a list that its owner can read: ${answer.text}`);
  return (JSON.parse(answer.text) as { items: Item[] }).items;
}

const parameterNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");

/** The collection in which the first parameter of `path` is looked up. Messages are listed by inbox. */
const collectionOf = (path: string): string => path.slice(0, path.indexOf("/{")).replace(/\/messages$/, "/inbox");

const fill = (path: string, name: string): string => path.replace(/\{\w+\}/, encodeURIComponent(name));

/** Every way to fill `path` with things that `token` can list; only with things of `project` where it is in one. */
async function fillings(
  token: string,
  path: string,
  project: string,
  first = true,
): Promise<{ path: string; names: string[] }[]> {
  if (!path.includes("{")) return [{ path, names: [] }];
  const items = await listed(token, collectionOf(path));
  const wanted = first && path.startsWith("/v1/projects/{") ? items.filter((item) => item["slug"] === project) : items;
  assert(wanted.length > 0, `the household has none of ${collectionOf(path)}: give it one (support/household.ts)`);
  const out: { path: string; names: string[] }[] = [];
  for (const name of namesOf(wanted[0] ?? {}))
    for (const rest of await fillings(token, fill(path, name), project, false))
      out.push({ path: rest.path, names: [name, ...rest.names] });
  return out;
}

interface Side {
  token: string;
  house: Household;
}

function factsOf(house: Household): string[] {
  const { owner, member, invite, token, project, session, taker, claim, workflow, handoff, message } = house;
  return [
    owner.user.id,
    owner.user.email,
    owner.user.name,
    owner.tenant.id,
    owner.tenant.slug,
    member.id,
    member.email,
    member.name,
    invite.id,
    invite.email ?? "",
    token.id,
    token.name,
    project.id,
    project.slug,
    project.name,
    session.id,
    session.alias,
    taker.id,
    taker.alias,
    claim.id,
    claim.target,
    claim.reason ?? "",
    workflow.id,
    ...workflow.steps.map((step) => step.text),
    handoff.id,
    handoff.summary,
    message.id,
    message.text ?? "",
  ].filter(Boolean);
}

function assertTellsNothing(answer: Answer, house: Household, sent: readonly string[], what: string): void {
  const all = `${JSON.stringify(answer.headers)} ${answer.text}`;
  for (const fact of factsOf(house)) {
    const said = sent.some((name) => name.includes(fact));
    assert(said || !all.includes(fact), `${what} tells ${fact}: ${all}`);
  }
}

/** Asks for the same with a name of theirs and with one that never existed. */
async function assertNoDifference(
  asker: Side,
  owner: Side,
  operation: Operation,
  path: string,
  name: string,
  body?: Json,
): Promise<void> {
  const what = `${operation.id} ${path} ${JSON.stringify(body ?? null)}`;
  const other = neverExisted(name);
  const swap = (text: string): string =>
    text.replaceAll(encodeURIComponent(name), encodeURIComponent(other)).replaceAll(name, other);
  const real = await send(asker.token, operation.method, path, body);
  const none = await send(
    asker.token,
    operation.method,
    swap(path),
    body === undefined ? body : (JSON.parse(swap(JSON.stringify(body))) as Json),
  );
  assert.equal(real.status, 404, `${what}: ${real.text}`);
  assert.deepEqual(comparable(real, name), comparable(none, other), what);
  assertTellsNothing(real, owner.house, [path, JSON.stringify(body ?? null)], what);
}

const guarded = document.operations
  .filter((operation) => !operation.open && !operation.operator)
  .map((operation) => ({ ...operation, path: operation.path.replace("{n}", "1") })); // counts parts of what stands before it

function bodyOf(operation: Operation, asker: Side): Json | undefined {
  if (!operation.body) return undefined;
  const schema = document.resolve(operation.body);
  // What a DELETE requires may stand in its query as well, so that the schema of its body requires nothing.
  const required = operation.method === "delete" ? Object.keys(schema.properties ?? {}) : schema.required;
  const body = sample({ ...schema, required: required ?? [] }) as Record<string, Json>;
  if ("session" in body) body["session"] = asker.house.session.id;
  return body;
}

async function walk(asker: Side, owner: Side, within: string): Promise<number> {
  let asked = 0;
  for (const operation of guarded.filter(({ path }) => path.startsWith(within) && path.includes("{"))) {
    const count = parameterNames(operation.path).length;
    const [own] = await fillings(asker.token, operation.path, asker.house.project.slug);
    assert(own);
    for (let known = 0; known < count; ++known) {
      // Any project may have a role of that name, and gets it by being given it.
      if (operation.id === "put_role" && known > 0) continue;
      // The first parameters are the asker's own, the one at `known` and those below it are theirs.
      let begun = operation.path;
      for (const name of own.names.slice(0, known)) begun = fill(begun, name);
      for (const { names } of await fillings(owner.token, operation.path, owner.house.project.slug)) {
        let path = begun;
        for (const name of names.slice(known)) path = fill(path, name);
        await assertNoDifference(asker, owner, operation, path, names[known] ?? "", bodyOf(operation, asker));
        asked += 1;
      }
    }
  }
  return asked;
}

const us: Side = { token: ours.owner.access_token, house: ours };
const them: Side = { token: theirs.owner.access_token, house: theirs };
const otherProject: Side = { token: theirs.owner.access_token, house: theirSecond };

void test("with another tenant's token every id gives the 404 of an id that never existed", async (t) => {
  t.diagnostic(`${await walk(us, them, "/v1/")} requests for things of another tenant`);
});

void test("with a token scoped to one project every id of another gives the 404 of an id that never existed", async (t) => {
  const asker = { token: theirs.token.token, house: theirs };
  t.diagnostic(`${await walk(asker, otherProject, "/v1/projects/")} requests for things of another project`);
});

void test("with a session's token every id of another project gives the 404 of an id that never existed", async (t) => {
  const asker = { token: theirs.session.session_token, house: theirs };
  t.diagnostic(`${await walk(asker, otherProject, "/v1/projects/")} requests for things of another project`);
});

/** The members of a body by which something else is named, as paths through it. */
function namingMembers(schema: Schema, at: string[] = []): string[][] {
  const { properties = {} } = document.resolve(schema);
  return Object.entries(properties).flatMap(([name, member]) => {
    const inner = document.resolve(member.oneOf?.[0] ?? member);
    if (inner.properties) return namingMembers(inner, [...at, name]);
    const isText = [inner.type].flat().includes("string") && !inner.enum;
    return isText && /session|project|user|claim|handoff|invite|ticket/.test(name) ? [[...at, name]] : [];
  });
}

void test("a name of another tenant's in a body or a query looks like one that never existed", async (t) => {
  let asked = 0;
  const names = [
    theirs.session.id,
    theirs.session.alias,
    theirs.project.id,
    theirs.project.slug,
    theirs.owner.user.id,
    theirs.owner.user.email,
  ];
  for (const operation of guarded) {
    const [filled] = await fillings(us.token, operation.path, ours.project.slug);
    assert(filled);
    const inQuery = operation.parameters.filter((one) => one.in === "query" && /session|project|user/.test(one.name));
    for (const parameter of inQuery)
      for (const name of names) {
        if (document.resolve(parameter.schema).format === "uuid" && !/^[0-9a-f-]{36}$/.test(name)) continue;
        await assertNoDifference(
          us,
          them,
          operation,
          `${filled.path}?${parameter.name}=${encodeURIComponent(name)}`,
          name,
        );
        asked += 1;
      }
    for (const member of operation.body ? namingMembers(operation.body) : [])
      for (const name of names) {
        const body = bodyOf(operation, us) as Record<string, Json>;
        let inner = body;
        for (const step of member.slice(0, -1)) inner = inner[step] = {};
        inner[member.at(-1) ?? ""] = name;
        if (operation.id === "create_token" && member[0] === "project") body["permissions"] = ["project_read"];
        await assertNoDifference(us, them, operation, filled.path, name, body);
        asked += 1;
      }
  }
  assert(asked > 20, "sessions, projects and users are named in bodies and queries");
  t.diagnostic(`${asked} requests that name things of another tenant`);
});

void test("every list is free of another tenant's things", async () => {
  let lists = 0;
  // The feed is no list, and has no end: feed.test.ts.
  for (const operation of guarded.filter(({ id, method }) => method === "get" && id !== "follow_log")) {
    for (const { path } of await fillings(us.token, operation.path, ours.project.slug)) {
      const answer = await send(us.token, "get", path);
      assert.equal(answer.status, 200, answer.text);
      assertTellsNothing(answer, theirs, [], operation.id);
      assertTellsNothing(answer, theirSecond, [], operation.id);
      lists += 1;
    }
  }
  assert(lists >= 15);
});

void test("no token of a tenant reaches what is the operator's", async () => {
  const forOperators = document.operations.filter(({ operator }) => operator);
  assert(forOperators.length > 0);
  for (const { id, method, path } of forOperators)
    for (const token of [ours.owner.access_token, ours.token.token, ours.session.session_token]) {
      const answer = await send(token, method, path);
      assert.equal(answer.status, 403, `${id}: ${answer.text}`);
    }
});

void test("lists of a token scoped to one project are free of the others", async () => {
  for (const token of [theirs.token.token, theirs.session.session_token]) {
    const answer = await send(token, "get", "/v1/projects");
    assert.equal(answer.status, 200);
    assert(answer.text.includes(theirs.project.id));
    assert(!answer.text.includes(theirSecond.project.id));
  }
});

void test("names that are taken in another tenant are free here", async () => {
  const taken = await send(us.token, "post", "/v1/projects", { slug: theirs.project.slug, name: "ours" });
  assert.equal(taken.status, 201, taken.text);
  const { alias } = theirs.session;
  const started = await send(us.token, "post", `/v1/projects/${ours.project.slug}/sessions`, { alias });
  assert.equal(started.status, 201, started.text);
});

/** In how many of `pairs` a thing of theirs took longer to refuse than one that never existed. */
async function slower(path: string, name: string, pairs: number): Promise<number> {
  const time = async (asked: string): Promise<number> => {
    const started = performance.now();
    await send(us.token, "get", asked);
    return performance.now() - started;
  };
  let count = 0;
  for (let n = 0; n < pairs; ++n) {
    const none = path.replace(name, neverExisted(name));
    if (n % 2 === 0) count += (await time(path)) > (await time(none)) ? 1 : 0;
    else count += (await time(none)) < (await time(path)) ? 1 : 0;
  }
  return count;
}

void test("another tenant's thing takes as long to refuse as one that never existed", async (t) => {
  const project = ours.project.slug;
  for (const [path, name] of [
    [`/v1/projects/${theirs.project.id}`, theirs.project.id],
    [`/v1/users/${theirs.owner.user.id}`, theirs.owner.user.id],
    [`/v1/projects/${project}/sessions/${theirs.session.id}`, theirs.session.id],
    [`/v1/projects/${project}/claims/${theirs.claim.id}`, theirs.claim.id],
  ] as const) {
    // Which one of a pair is slower is a toss unless they differ, however busy the machine is: 70 of 100 is four
    // deviations away from that. What differs by its class does so in every round.
    const pairs = 100;
    const rounds: number[] = [];
    do rounds.push(await slower(path, name, pairs));
    while (Math.abs((rounds.at(-1) ?? 0) - pairs / 2) > 20 && rounds.length < 3);
    t.diagnostic(`${path.split("/").at(-2) ?? ""}: slower in ${rounds.join(", then ")} of ${pairs} pairs`);
    assert(rounds.length < 3 || Math.abs((rounds.at(-1) ?? 0) - pairs / 2) <= 20, path);
  }
});
