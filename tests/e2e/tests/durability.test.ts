// What was acknowledged stays, whatever happens to the server; and it goes down gently when it is asked to.
import assert from "node:assert/strict";
import { connect as connectSocket } from "node:net";
import { test, type TestContext } from "node:test";
import { type Api, connect, done, type Schemas } from "../support/api.ts";
import { codiBinary, Machine } from "../support/machine.ts";
import { eventually, sleep } from "../support/process.ts";
import { startSession } from "../support/scene.ts";
import { Server } from "../support/server.ts";

function machineOf(t: TestContext): Machine {
  const machine = new Machine();
  t.after(() => {
    machine.remove();
  });
  return machine;
}

async function pages<T>(ask: (after?: string) => Promise<{ items: T[]; next?: string | null }>): Promise<T[]> {
  let page = await ask();
  const out = [...page.items];
  while (page.next) {
    page = await ask(page.next);
    out.push(...page.items);
  }
  return out;
}

interface Acknowledged {
  claims: Map<string, string>;
  texts: Set<string>;
  tried: Set<string>;
}

/** Claims files and writes events until the server is gone. */
async function write(api: Api, project: string, session: string, name: string, seen: Acknowledged): Promise<void> {
  const path = { project };
  for (let n = 0; ; ++n) {
    const target = `src/${name}/${n}.rs`;
    const text = `${name} did ${n}`;
    seen.tried.add(target).add(text);
    try {
      const granted = await api.POST("/v1/projects/{project}/claims", {
        params: { path },
        body: { session, targets: [target] },
      });
      seen.claims.set(target, done(granted).fencing_token ?? "none");
      done(
        await api.POST("/v1/projects/{project}/events", {
          params: { path },
          body: { session, action: "PROGRESS", text },
        }),
      );
      seen.texts.add(text);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return;
    }
  }
}

void test("Hazard 18: kill -9 under load loses nothing that was acknowledged and leaves no half", async (t) => {
  const machine = machineOf(t);
  const seen: Acknowledged = { claims: new Map(), texts: new Set(), tried: new Set() };
  for (let round = 0; round < 3; ++round) {
    const server = await Server.start({ machine });
    const { token, project } = server.bootstrap;
    const api = connect(server.url, token);
    const session = await startSession(api, project, { ttl_seconds: 86_400 });
    const writers = Array.from({ length: 16 }, (_, n) => write(api, project, session.id, `r${round}w${n}`, seen));
    const before = seen.texts.size;
    await eventually("the writers are at work", () => (seen.texts.size > before + 60 ? true : undefined));
    await sleep(37 * round);
    assert.equal(await server.stop("SIGKILL"), -1);
    await Promise.all(writers);
  }
  const server = await Server.start({ machine });
  t.after(() => server.stop());
  const { token, project } = server.bootstrap;
  const api = connect(server.url, token);
  const path = { project };
  const limit = 500;
  const claims = await pages<Schemas["Claim"]>(async (after) =>
    done(
      await api.GET("/v1/projects/{project}/claims", { params: { path, query: after ? { limit, after } : { limit } } }),
    ),
  );
  const events = await pages<Schemas["Event"]>(async (after) =>
    done(
      await api.GET("/v1/projects/{project}/events", { params: { path, query: after ? { limit, after } : { limit } } }),
    ),
  );

  const held = new Map(claims.map((claim) => [claim.target, claim.fencing_token]));
  for (const [target, token] of seen.claims) assert.equal(held.get(target), token, `${target} was acknowledged`);
  const told = events.filter((event) => event.action === "PROGRESS").map((event) => event.text);
  assert.equal(new Set(told).size, told.length, "no event twice");
  for (const text of seen.texts) assert(told.includes(text), `${text} was acknowledged`);
  for (const one of [...held.keys(), ...told]) assert(seen.tried.has(one), `${one} was never asked for`);
  const claimedByLog = events.filter((event) => event.action === "FILE_CLAIM").flatMap((event) => event.paths);
  assert.deepEqual(
    claimedByLog.toSorted(),
    [...held.keys()].toSorted(),
    "a claim and its event are there together or not at all",
  );
  const tokens = events.filter((event) => event.action === "FILE_CLAIM").map((event) => event.cursor);
  assert.deepEqual(tokens, tokens.toSorted());
  t.diagnostic(`${seen.claims.size} claims and ${seen.texts.size} events acknowledged over 3 kills`);
});

void test("Hazard 17: a second server on the same folder refuses and says who holds it", async (t) => {
  const machine = machineOf(t);
  const server = await Server.start({ machine });
  t.after(() => server.stop());
  const second = await machine.run(machine.folder, codiBinary, [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--store",
    `rocksdb:${server.folder}`,
  ]);
  assert.equal(second.status, 1);
  assert.match(second.stderr, new RegExp(`\\b${server.pid}\\b`));
  assert(second.stderr.includes(server.folder));
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200, "the first one is not disturbed");
});

void test("a taken address is fatal, and says so", async (t) => {
  const machine = machineOf(t);
  const server = await Server.start({ machine });
  t.after(() => server.stop());
  const other = ["serve", "--listen", server.address, "--store", `rocksdb:${machine.folder}/other`];
  const second = await machine.run(machine.folder, codiBinary, other);
  assert.equal(second.status, 1);
  assert(second.stderr.includes(server.address));
});

void test("tokens hold after a restart on another port, and cursors go on where they were", async (t) => {
  const machine = machineOf(t);
  const first = await Server.start({ machine });
  const { token, project } = first.bootstrap;
  const path = { project };
  const session = await startSession(connect(first.url, token), project);
  const body = { session: session.id, action: "INFO", text: "before" };
  const before = done(
    await connect(first.url, token).POST("/v1/projects/{project}/events", { params: { path }, body }),
  );
  assert.equal(await first.stop(), 0);

  const second = await Server.start({ machine });
  t.after(() => second.stop());
  const api = connect(second.url, session.session_token);
  done(await api.POST("/v1/projects/{project}/events", { params: { path }, body: { ...body, text: "after" } }));
  const query = { after: before.cursor };
  const page = done(await api.GET("/v1/projects/{project}/events", { params: { path, query } }));
  assert.deepEqual(
    page.items.map((event) => event.text),
    ["after"],
  );
  assert.equal(second.bootstrap.token, token, "the second start makes no new tokens");
});

/** Sends half a request, has the server say that it waits for the rest, and gives a function that sends the rest. */
async function beginRequest(server: Server, path: string, body: string): Promise<() => Promise<string>> {
  const { hostname, port } = new URL(server.url);
  const socket = connectSocket(Number(port), hostname);
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => (received += text));
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nExpect: 100-continue\r\n\r\n`,
  );
  await eventually("the server waits for the body", () => (received.includes("100 Continue") ? true : undefined));
  return () =>
    new Promise((resolve, reject) => {
      received = "";
      socket.on("error", reject).on("close", () => {
        resolve(received);
      });
      socket.end(body);
    });
}

void test("Hazard 24: SIGTERM finishes what is in flight, takes nothing new and exits with 0", async (t) => {
  const machine = machineOf(t);
  const server = await Server.start({ machine });
  const account = {
    email: "late@example.org",
    password: "a long enough password",
    name: "Late",
    tenant_name: "Latecomers",
  };
  const finish = await beginRequest(server, "/v1/auth/register", JSON.stringify(account));
  const started = Date.now();
  server.signal("SIGTERM");
  await eventually("no new connection is taken", async () => {
    try {
      await fetch(`${server.url}/healthz`);
      return undefined;
    } catch {
      return true;
    }
  });
  assert.match(await finish(), /^HTTP\/1\.1 201 /);
  assert.equal(await server.exit(), 0);
  assert(Date.now() - started < 10_000, "it does not wait for idle connections");

  const again = await Server.start({ machine });
  t.after(() => again.stop());
  const { email, password } = account;
  done(await connect(again.url).POST("/v1/auth/login", { body: { email, password } }));
});

void test("SIGTERM does not wait for a client that never sends the rest", async (t) => {
  const machine = machineOf(t);
  const server = await Server.start({ machine });
  await beginRequest(server, "/v1/auth/login", "{}");
  const started = Date.now();
  assert.equal(await server.stop(), 0);
  assert(Date.now() - started < 12_000);
});

for (const [what, prepare] of [
  [
    "a folder of something else",
    ["-c", "mkdir -p data && echo precious > data/CURRENT && echo other > data/notes.txt"],
  ],
  ["a file", ["-c", "echo precious > data"]],
] as const) {
  void test(`${what} is refused, and nothing in it is touched`, async (t) => {
    const machine = machineOf(t);
    await machine.run(machine.folder, "bash", prepare);
    const look = ["-c", "find data -type f | sort | xargs sha256sum; find data | sort"];
    const before = (await machine.run(machine.folder, "bash", look)).stdout;
    const refusal = await machine.run(machine.folder, codiBinary, [
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--store",
      "rocksdb:data",
    ]);
    assert.equal(refusal.status, 1, refusal.stderr);
    assert.match(refusal.stderr, /data/);
    assert.equal((await machine.run(machine.folder, "bash", look)).stdout, before);
  });
}
