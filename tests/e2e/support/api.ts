import assert from "node:assert/strict";
import type { components, paths } from "codi-openapi";
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { Document } from "./openapi.ts";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Api = Client<paths>;

const documents = new Map<string, Promise<Document>>();
const answered = new Map<string, Set<string>>();

/** The description that the server at `url` gives of itself, read once. */
export function documentOf(url: string): Promise<Document> {
  const document = documents.get(url) ?? Document.of(url);
  documents.set(url, document);
  return document;
}

/** `METHOD path` of all that clients of `url` got an answer below 300 to. */
export function answeredBy(url: string): ReadonlySet<string> {
  return answered.get(url) ?? new Set();
}

function judge(url: string): Middleware {
  return {
    async onResponse({ request, response, schemaPath }) {
      const document = await documentOf(url);
      const mediaType = response.headers.get("content-type")?.split(";")[0] ?? "";
      const text = await response.clone().text();
      assert.deepEqual(document.problemsOf(request.method, schemaPath, response.status, mediaType, text), []);
      const seen = answered.get(url) ?? new Set();
      if (response.ok) seen.add(`${request.method} ${schemaPath}`);
      answered.set(url, seen);
    },
  };
}

/** A client that others wrote, with types made from the document; each answer must be as the document says. */
export function connect(url: string, token?: string): Api {
  const client = createClient<paths>({ baseUrl: url, headers: token ? { authorization: `Bearer ${token}` } : {} });
  client.use(judge(url));
  return client;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer of a call that must succeed. */
export function done<T>({ data, error, response }: Answer<T>): NonNullable<T> {
  assert.equal(error, undefined, `${response.status} ${JSON.stringify(error)}`);
  assert(data !== undefined && data !== null);
  return data;
}

/** The refusal of a call that must be refused with this status and code. */
export function refused({ data, error, response }: Answer<unknown>, status: number, code: string): Problem {
  assert.equal(response.status, status, JSON.stringify(data ?? error));
  const problem = error as Problem;
  assert.equal(problem.code, code);
  return problem;
}

let registered = 0;

/** A new tenant with its owner. */
export async function register(url: string): Promise<Schemas["SignedIn"] & { password: string }> {
  registered += 1;
  const name = `${process.pid}-${Date.now()}-${registered}`;
  const password = `correct horse ${name}`;
  const body = { email: `owner-${name}@example.org`, password, name: `Owner ${name}`, tenant_name: `Tenant ${name}` };
  const made = done(await connect(url).POST("/v1/auth/register", { body }));
  return { ...made, password };
}
