// A claim service as one would write it with Fastify and better-sqlite3: prepared statements, WAL, one transaction a request,
// synchronous=FULL so that an answer means that the claim is on disk. It checks a bearer token, validates the body, refuses
// an exact path that is held, and writes an event beside each change. It has no overlap of directories, no leases that run out,
// no log of requests.
import { createHash, randomUUID } from "node:crypto";

import Database from "better-sqlite3";
import fastify from "fastify";

const [file, port, tokens] = process.argv.slice(2);

const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`
  CREATE TABLE tokens (digest BLOB PRIMARY KEY, user TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    action TEXT NOT NULL,
    path TEXT NOT NULL,
    at INTEGER NOT NULL
  );
`);

const digest = (token) => createHash("sha256").update(token).digest();
const addToken = db.prepare("INSERT INTO tokens (digest, user) VALUES (?, ?)");
for (const token of tokens.split(",")) addToken.run(digest(token), "bench");

const findToken = db.prepare("SELECT user FROM tokens WHERE digest = ?");
const findClaim = db.prepare("SELECT id, session, path, expires_at FROM claims WHERE path = ?");
const addClaim = db.prepare("INSERT INTO claims (id, session, path, created_at, expires_at) VALUES (?, ?, ?, ?, ?)");
const removeClaim = db.prepare("DELETE FROM claims WHERE id = ? RETURNING session, path");
const addEvent = db.prepare("INSERT INTO events (session, action, path, at) VALUES (?, ?, ?, ?)");

const claim = db.transaction((session, path, ttl) => {
  const holder = findClaim.get(path);
  if (holder) return { holder };
  const now = Date.now();
  const made = { id: randomUUID(), session, path, created_at: now, expires_at: now + ttl * 1000 };
  addClaim.run(made.id, session, path, made.created_at, made.expires_at);
  addEvent.run(session, "FILE_CLAIM", path, now);
  return { made };
});

const release = db.transaction((id) => {
  const released = removeClaim.get(id);
  if (released) addEvent.run(released.session, "FILE_RELEASE", released.path, Date.now());
  return released;
});

const app = fastify();

app.addHook("onRequest", async (request, reply) => {
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (!token || !findToken.get(digest(token))) return reply.code(401).send({ error: "the token is not valid" });
});

const claimSchema = {
  body: {
    type: "object",
    required: ["session", "path"],
    additionalProperties: false,
    properties: {
      session: { type: "string", minLength: 1, maxLength: 128 },
      path: { type: "string", minLength: 1, maxLength: 4096 },
      ttl_seconds: { type: "integer", minimum: 1, maximum: 86_400, default: 3_600 },
    },
  },
};

app.post("/claims", { schema: claimSchema }, async (request, reply) => {
  const { session, path, ttl_seconds } = request.body;
  const { made, holder } = claim.immediate(session, path, ttl_seconds);
  if (holder) return reply.code(409).send({ error: "the path is held", holder });
  return reply.code(201).send(made);
});

app.post("/claims/:id/release", async (request, reply) => {
  const released = release.immediate(request.params.id);
  if (!released) return reply.code(404).send({ error: "there is no such claim" });
  return released;
});

await app.listen({ host: "127.0.0.1", port: Number(port) });
