// The live feed, with the WebSocket client of Node and a reader of server-sent events.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { done } from "../support/api.ts";
import { sourceFolder } from "../support/machine.ts";
import { run } from "../support/process.ts";
import { openScene, startSession, uniqueName } from "../support/scene.ts";

const { server, machine, api, project } = await openScene();
const token = server.bootstrap.token;
const address = `${server.url}/v1/projects/${project}/feed`;

interface Frame {
  type: string;
  cursor?: string;
  id?: string;
  status?: number;
  event?: { text: string };
}

class Follower {
  readonly frames: Frame[] = [];
  readonly closed: Promise<CloseEvent>;
  readonly opened: Promise<unknown>;
  readonly socket: WebSocket;
  #wake: () => void = () => undefined;

  constructor(query = "") {
    this.socket = new WebSocket(address.replace("http", "ws") + query, ["codi.v1", `codi.bearer.${token}`]);
    this.socket.addEventListener("message", (message) => {
      this.frames.push(JSON.parse(message.data as string) as Frame);
      this.#wake();
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.addEventListener("open", resolve);
      this.socket.addEventListener("error", reject);
    });
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener("close", resolve);
    });
  }

  async next(type: string): Promise<Frame> {
    for (;;) {
      const frame = this.frames.shift();
      if (frame?.type === type) return frame;
      if (!frame) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const append = async (session: string, text: string) =>
  done(
    await api.POST("/v1/projects/{project}/events", {
      params: { path: { project } },
      body: { session, action: "INFO", text },
    }),
  );

void test("a browser's WebSocket follows, resumes and commands", async () => {
  const session = await startSession(api, project, { alias: uniqueName("follower") });
  const first = new Follower();
  await first.opened;
  assert.equal(first.socket.protocol, "codi.v1");
  await first.next("caught_up");
  await append(session.id, "one");
  const seen = await first.next("event");
  assert.equal(seen.event?.text, "one");
  first.socket.close(1000);
  assert.equal((await first.closed).code, 1000);

  await append(session.id, "two");
  const second = new Follower(`?after=${seen.cursor ?? ""}`);
  assert.equal((await second.next("event")).event?.text, "two");
  second.socket.send(JSON.stringify({ type: "heartbeat", id: "h", input: { session: session.id } }));
  const answer = await second.next("result");
  assert.deepEqual([answer.id, answer.status], ["h", 200]);
  second.socket.close();
  await second.closed;
});

void test("server-sent events are the same frames", async () => {
  const session = await startSession(api, project, { alias: uniqueName("reader") });
  const answer = await fetch(address, { headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" } });
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  assert(answer.body);
  await append(session.id, "streamed");
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes('"text":"streamed"')) {
    const { value, done: ended } = await reader.read();
    assert(!ended, text);
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  assert.match(text, /\nid: [0-9a-f]{32}\ndata: \{"type":"event"/);
});

void test("spectral finds no error and no warning in the AsyncAPI document", async () => {
  const folder = join(sourceFolder, "tests/e2e");
  const file = join(machine.folder, "asyncapi.json");
  await writeFile(file, await (await fetch(`${server.url}/asyncapi.json`)).text());
  const program = join(folder, "node_modules/@stoplight/spectral-cli/dist/index.js");
  const words = ["lint", "--fail-severity=hint", "--format=json", "--quiet", "--ruleset=.spectral-asyncapi.yaml", file];
  const found = await run(process.execPath, [program, ...words], { cwd: folder, env: machine.env });
  assert.deepEqual(JSON.parse(found.stdout), [], found.stdout);
  assert.equal(found.status, 0, found.stderr);
});
