// Four WebSocket clients that others wrote follow the same feed: Chromium's own, npm's `ws`, Node's, and Debian's
// python3-websockets. Whatever is done to their connections and servers, each has every event of the log, in its order, once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { WebSocket as NpmWebSocket } from "ws";
import { connect, done } from "../support/api.ts";
import { findChromium, Page } from "../support/browser.ts";
import { follow, type Followed } from "../support/follow.ts";
import { findFoundationDb, startCluster } from "../support/foundationdb.ts";
import { Machine, sourceFolder } from "../support/machine.ts";
import { atExit, eventually, run, sleep } from "../support/process.ts";
import { Relay } from "../support/relay.ts";
import { startSession } from "../support/scene.ts";
import { type Bootstrap, Server } from "../support/server.ts";

const python = "/usr/bin/python3"; // Debian's own, which has Debian's modules
const debianHasIt = (await run(python, ["-c", "import websockets"], { cwd: "/", env: process.env })).status === 0;
const chromium = findChromium();
const foundationDb = findFoundationDb();
const caughtUpMs = 60_000;
const zero = "0".repeat(32);

/** One client, what it has got, and how its connections ended. */
class Follower {
  readonly got: Followed[] = [];
  readonly codes: number[] = [];
  readonly name: string;
  stop: () => void = () => undefined;

  constructor(name: string) {
    this.name = name;
  }

  readonly take = (followed: Followed): void => {
    this.got.push(followed);
  };
  readonly lose = (code: number): void => {
    this.codes.push(code);
  };
}

interface Subscription {
  urls: string[];
  token: string;
  after: string;
}

function inThisProcess(name: string, Socket: typeof WebSocket, subscription: Subscription): Follower {
  const follower = new Follower(name);
  follower.stop = follow({ ...subscription, got: follower.take, lost: follower.lose }, Socket);
  return follower;
}

async function inChromium(program: string, machine: Machine, subscription: Subscription): Promise<Follower> {
  const follower = new Follower("Chromium");
  const page = await Page.open(program, machine);
  await page.bind("tell", (text) => {
    const told = JSON.parse(text) as Followed | { lost: number };
    if ("lost" in told) follower.lose(told.lost);
    else follower.take(told);
  });
  await page.run(`globalThis.stop = (${follow.toString()})({
    ...${JSON.stringify(subscription)},
    got: (followed) => tell(JSON.stringify(followed)),
    lost: (lost) => tell(JSON.stringify({ lost })),
  }, WebSocket); 0`);
  follower.stop = () => {
    page.close();
  };
  return follower;
}

function inPython(machine: Machine, subscription: Subscription): Follower {
  const follower = new Follower("python3-websockets");
  const script = join(sourceFolder, "tests/e2e/support/follow.py");
  const child = spawn(python, ["-u", script], { env: machine.env, stdio: ["pipe", "pipe", "inherit"] });
  atExit(() => child.kill("SIGKILL"));
  child.stdin.end(JSON.stringify(subscription) + "\n");
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const told = JSON.parse(line) as Followed | { lost: number };
      if ("lost" in told) follower.lose(told.lost);
      else follower.take(told);
    }
  });
  follower.stop = () => {
    child.kill("SIGKILL");
  };
  return follower;
}

/** Every client that this machine has; says which it has not. */
async function followers(t: TestContext, machine: Machine, subscription: Subscription): Promise<Follower[]> {
  const out = [
    inThisProcess("Node", WebSocket, subscription),
    inThisProcess("ws", NpmWebSocket as unknown as typeof WebSocket, subscription),
  ];
  if (chromium) out.push(await inChromium(chromium, machine, subscription));
  else t.diagnostic("SKIPPED: Chromium (no chromium-headless-shell or chromium, and no CODI_CHROMIUM)");
  if (debianHasIt) out.push(inPython(machine, subscription));
  else t.diagnostic("SKIPPED: python3-websockets (it is not installed)");
  t.after(() => {
    for (const follower of out) follower.stop();
  });
  return out;
}

/** Writes events through these servers, one after the other, until it is told to stop; what fails is sent again. */
class Writer {
  written = 0;
  stopping = false;
  private readonly ended: Promise<void>;

  constructor(relays: Relay[], bootstrap: Bootstrap, session: string) {
    this.ended = this.write(relays, bootstrap, session);
  }

  private async write(relays: Relay[], { token, project }: Bootstrap, session: string): Promise<void> {
    for (let tries = 0; !this.stopping;) {
      const relay = relays[tries % relays.length];
      assert(relay);
      const text = `number ${this.written} of it: \u00fc\u{1f600}`.padEnd((this.written % 50) * 40, ".");
      try {
        const answer = await fetch(`http://${relay.target}/v1/projects/${project}/events`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "idempotency-key": `event-${this.written}`,
          },
          body: JSON.stringify({ session, action: "PROGRESS", text, paths: ["src/a.c"], data: { n: this.written } }),
          signal: AbortSignal.timeout(5_000),
        });
        if (answer.status !== 201) throw new Error(await answer.text());
        this.written += 1;
        await sleep(2);
      } catch {
        tries += 1; // the other server, or this one when it is back
        await sleep(50);
      }
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.ended;
  }

  /** Until so many more events are written. */
  async goOn(events: number): Promise<void> {
    const until = this.written + events;
    await eventually("events are written", () => (this.written >= until ? true : undefined), 60_000);
  }
}

async function wholeLog(url: string, { token, project }: Bootstrap): Promise<Followed[]> {
  const api = connect(url, token);
  const out: Followed[] = [];
  for (let after: string | null | undefined = zero; after;) {
    const query: { after: string; limit: number } = { after, limit: 500 };
    const page = done(await api.GET("/v1/projects/{project}/events", { params: { path: { project }, query } }));
    out.push(...page.items.map((event) => ({ cursor: event.cursor, event })));
    after = page.next;
  }
  return out;
}

/** Each has what the log has: the same events with the same members, in the same order, none missing and none twice. */
async function assertAgreement(t: TestContext, all: Follower[], log: Followed[]): Promise<void> {
  const last = log.at(-1)?.cursor;
  for (const follower of all) {
    await eventually(
      `${follower.name} has followed to the end`,
      () => (follower.got.at(-1)?.cursor === last ? true : undefined),
      caughtUpMs,
    ).catch(() => undefined); // what is missing says more
    const ended = `${follower.codes.length} connections ended (${[...new Set(follower.codes)].join(", ")})`;
    const got = follower.got.map((each) => each.cursor);
    const missing = log.filter((each) => !got.includes(each.cursor)).length;
    assert.equal(missing, 0, `${follower.name} has ${got.length} of ${log.length} events; ${ended}`);
    assert.deepEqual(
      got,
      log.map((each) => each.cursor),
      `${follower.name} has every event once, in order`,
    );
    assert.deepEqual(follower.got, log, `${follower.name} has them as they are`);
    t.diagnostic(`${follower.name}: ${got.length} events, ${ended}`);
  }
}

/** A few rounds of cuts: by a reset, by a close, in the middle of a frame. */
async function cutOften(relays: Relay[], writer: Writer, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; ++round) {
    await writer.goOn(12);
    for (const relay of relays) {
      if (round % 3 === 2) relay.cutWithin(1 + ((round * 37) % 300));
      else relay.cut(round % 3 === 0);
    }
  }
}

async function begin(t: TestContext, server: Server, relays: Relay[], machine: Machine) {
  const { bootstrap } = server;
  const session = await startSession(connect(server.url, bootstrap.token), bootstrap.project, { alias: "writer" });
  const urls = relays.map((relay) => `ws://${relay.address}/v1/projects/${bootstrap.project}/feed`);
  const all = await followers(t, machine, { urls, token: bootstrap.token, after: zero });
  return { bootstrap, all, writer: new Writer(relays, bootstrap, session.id) };
}

void test("clients agree with the log over cut connections and restarts", { timeout: 300_000 }, async (t) => {
  const machine = new Machine();
  const relay = await Relay.start();
  let server = await Server.start({ machine });
  t.after(async () => {
    relay.close();
    await server.stop("SIGKILL");
    machine.remove();
  });
  relay.target = server.address;
  const { bootstrap, all, writer } = await begin(t, server, [relay], machine);
  for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM", "SIGKILL"] as const) {
    await cutOften([relay], writer, 6);
    await writer.goOn(40); // all are connected again
    const status = await server.stop(signal);
    if (signal === "SIGTERM") assert.equal(status, 0, server.log);
    server = await Server.start({ machine });
    relay.target = server.address;
    await writer.goOn(20);
  }
  await writer.stop();
  assert(relay.cuts > 20, `${relay.cuts} connections were cut`);
  await assertAgreement(t, all, await wholeLog(server.url, bootstrap));
  for (const follower of all) assert(follower.codes.includes(1001), `${follower.name} was told that the server stops`);
});

void test("clients agree with the log that two servers serve", { timeout: 300_000 }, async (t) => {
  if (!foundationDb) {
    t.skip("SKIPPED: a second server needs FoundationDB: CODI_FDB_BIN and CODI_FDB_LIB, or its usual places");
    return;
  }
  const machine = new Machine();
  const store = await startCluster(foundationDb, machine);
  const folder = machine.makeFolder("data");
  const words = ["--fdb-lib", foundationDb.library, "--bootstrap-file", join(folder, "bootstrap.json")];
  const start = () => Server.start({ machine, folder, store, words });
  const first = await start();
  const servers = [first, await start()];
  const relays = [await Relay.start(), await Relay.start()];
  const aim = () => {
    relays.forEach((relay, i) => (relay.target = servers[i]?.address ?? ""));
  };
  t.after(async () => {
    for (const relay of relays) relay.close();
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    machine.remove();
  });
  aim();
  const { bootstrap, all, writer } = await begin(t, first, relays, machine);
  for (const [which, signal] of [
    [0, "SIGTERM"],
    [1, "SIGKILL"],
    [0, "SIGKILL"],
    [1, "SIGTERM"],
  ] as const) {
    await cutOften(relays, writer, 6);
    await servers[which]?.stop(signal);
    await writer.goOn(20); // the other one serves alone
    servers[which] = await start();
    aim();
    await writer.goOn(20);
  }
  await writer.stop();
  await assertAgreement(t, all, await wholeLog(servers[0]?.url ?? "", bootstrap));
});
