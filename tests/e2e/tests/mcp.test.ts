// The Model Context Protocol as agents speak it: the official clients of both revisions and the Inspector, over HTTP and
// through `codi mcp`. Each does one round: claim, log, hand over.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  Client as StatelessClient,
  StreamableHTTPClientTransport as StatelessHttp,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as StatelessStdio } from "@modelcontextprotocol/client/stdio";
import { Client as HandshakeClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as HandshakeStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HandshakeHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { codiBinary } from "../support/machine.ts";
import { eventually } from "../support/process.ts";
import { openScene, uniqueName } from "../support/scene.ts";
import { Server } from "../support/server.ts";

const { machine, server } = await openScene();
const endpoint = new URL(`${server.url}/mcp`);
const token = server.bootstrap.token;
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
const about = { name: "codi-e2e", version: "1" };

/** What a tool answers: structured where it succeeds, and always as text. */
type ToolAnswer = Record<string, unknown>;
type Call = (tool: string, members: Record<string, unknown>) => Promise<ToolAnswer>;

function structured(answer: ToolAnswer): Record<string, unknown> {
  assert.notEqual(answer["isError"], true, JSON.stringify(answer["content"]));
  const [part] = answer["content"] as { type: string; text: string }[];
  assert.deepEqual(JSON.parse(part?.text ?? ""), answer["structuredContent"], "the text is the structured content");
  return answer["structuredContent"] as Record<string, unknown>;
}

function problem(answer: ToolAnswer): Record<string, unknown> {
  assert.equal(answer["isError"], true);
  const [part] = answer["content"] as { text: string }[];
  return JSON.parse(part?.text ?? "") as Record<string, unknown>;
}

/** Claim, log, hand over, by two agents. */
async function round(call: Call): Promise<void> {
  const file = `src/${uniqueName("file")}.ts`;
  const first = structured(await call("session", { verb: "start", alias: "MAKER-SESSION-N" }));
  const second = structured(await call("session", { verb: "start", alias: "TAKER-SESSION-N" }));
  assert.ok(!JSON.stringify([first, second]).includes("session_token"), "no token is shown");
  const [maker, taker] = [first["alias"] as string, second["alias"] as string];
  structured(await call("claim", { session: maker, targets: [file], reason: "the first half" }));
  const refused = problem(await call("claim", { session: taker, targets: [file] }));
  assert.equal(refused["code"], "CLAIM-USR-3001");
  assert.ok((refused["recovery"] as string[]).some((step) => step.includes("wait_seconds")));
  structured(await call("log", { session: maker, action: "PROGRESS", text: "half of it works", paths: [file] }));
  const offer = { session: maker, to: { session: taker }, summary: "the second half", with_claims: true };
  const handoff = structured(await call("handoff", { verb: "offer", ...offer }));
  structured(await call("handoff", { verb: "accept", handoff: handoff["id"], session: taker }));
  const held = structured(await call("look", { verb: "claims", session: taker }));
  assert.deepEqual(
    (held["items"] as { target: string }[]).map((claim) => claim.target),
    [file],
  );
  const logged = structured(await call("events", { session: maker, limit: 100 }));
  const actions = (logged["items"] as { action: string }[]).map((event) => event.action);
  for (const action of ["SESSION_START", "FILE_CLAIM", "PROGRESS", "HANDOFF"]) assert.ok(actions.includes(action));
  structured(await call("session", { verb: "end", session: taker }));
}

const program = { command: codiBinary, args: ["mcp"], cwd: machine.makeFolder("agent") };
const env = { ...machine.env, CODI_SERVER: server.url, CODI_TOKEN: token } as Record<string, string>;

const stateless = {
  "over HTTP": () => new StatelessHttp(endpoint, { requestInit }),
  "through codi mcp": () => new StatelessStdio({ ...program, env }),
};
for (const [way, transport] of Object.entries(stateless)) {
  void test(`the client of 2026-07-28 does a round ${way}`, async () => {
    const client = new StatelessClient(about, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    await client.connect(transport());
    const { tools } = await client.listTools();
    assert.ok(tools.length <= 12 && JSON.stringify(tools).length <= 8000);
    await round((name, members) => client.callTool({ name, arguments: members }));
    await client.close();
  });
}

const handshake = {
  "over HTTP": () => new HandshakeHttp(endpoint, { requestInit }),
  "through codi mcp": () => new HandshakeStdio({ ...program, env }),
};
for (const [way, transport] of Object.entries(handshake)) {
  void test(`the client of 2025-11-25 does a round ${way}`, async () => {
    const client = new HandshakeClient(about);
    await client.connect(transport());
    await client.listTools(); // the client judges what is answered by the schemas that it finds here
    await round((name, members) => client.callTool({ name, arguments: members }));
    await client.close();
  });
}

void test("the Inspector's command line does a round", { timeout: 240_000 }, async () => {
  const inspector = join(
    import.meta.dirname,
    "../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
  );
  const folder = machine.makeFolder("inspector");
  await round(async (name, members) => {
    const pairs = Object.entries(members).map(
      ([member, value]) => `${member}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    const words = [
      inspector,
      "--cli",
      endpoint.href,
      "--transport",
      "http",
      "--header",
      `Authorization: Bearer ${token}`,
    ];
    words.push("--method", "tools/call", "--tool-name", name, "--tool-arg", ...pairs);
    const outcome = await machine.run(folder, process.execPath, words);
    assert.ok(outcome.stdout.includes("{"), outcome.stdout + outcome.stderr);
    const parsed = JSON.parse(outcome.stdout.slice(outcome.stdout.indexOf("{"))) as {
      result?: ToolAnswer;
    } & ToolAnswer;
    return parsed.result ?? parsed;
  });
});

void test("resources, prompts and completion are there for both clients", async () => {
  const newer = new StatelessClient(about, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const older = new HandshakeClient(about);
  await newer.connect(stateless["over HTTP"]());
  await older.connect(handshake["over HTTP"]());
  for (const client of [newer, older]) {
    const { resources } = await client.listResources();
    assert.ok(resources.some(({ uri }) => uri === "codi://projects/default/claims"));
    const { contents } = await client.readResource({ uri: "codi://projects/default" });
    assert.equal((JSON.parse((contents[0] as { text: string }).text) as { slug: string }).slug, "default");
    const { prompts } = await client.listPrompts();
    assert.ok(prompts.some(({ name }) => name === "hand_over"));
    const prompt = await client.getPrompt({ name: "start_work", arguments: { task: "write the parser" } });
    assert.match(JSON.stringify(prompt.messages), /write the parser/);
    const completed = await client.complete({
      ref: { type: "ref/resource", uri: "codi://projects/{project}" },
      argument: { name: "project", value: "def" },
    });
    assert.deepEqual(completed.completion.values, ["default"]);
    await client.close();
  }
});

void test("both clients are told of what changes", async () => {
  const uri = "codi://projects/default/claims";
  const newer = new StatelessClient(about, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const older = new HandshakeClient(about);
  const told = { newer: 0, older: 0 };
  newer.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    if (params.uri === uri) told.newer += 1;
  });
  older.fallbackNotificationHandler = ({ method, params }) => {
    if (method === "notifications/resources/updated" && params?.["uri"] === uri) told.older += 1;
    return Promise.resolve();
  };
  await newer.connect(stateless["over HTTP"]());
  await older.connect(handshake["over HTTP"]());
  const subscription = await newer.listen({ resourceSubscriptions: [uri] });
  await older.subscribeResource({ uri });
  const session = structured(await older.callTool({ name: "session", arguments: { verb: "start", alias: "W-N" } }));
  await eventually("both were told", async () => {
    const members = { session: session["alias"], targets: [`watched/${uniqueName("file")}`] };
    structured(await newer.callTool({ name: "claim", arguments: members }));
    return told.newer > 0 && told.older > 0 ? true : undefined;
  });
  await subscription.close();
  await newer.close();
  await older.close();
});

void test("a claim that waits tells of its progress, and is granted when its turn has come", async () => {
  const client = new StatelessClient(about, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(stateless["over HTTP"]());
  const call: Call = (name, members) => client.callTool({ name, arguments: members });
  const file = `src/${uniqueName("waited")}.ts`;
  const holder = structured(await call("session", { verb: "start", alias: "HOLDER-N" }));
  const waiter = structured(await call("session", { verb: "start", alias: "WAITER-N" }));
  const granted = structured(await call("claim", { session: holder["alias"], targets: [file] }));
  const heard: number[] = [];
  const waiting = client.callTool(
    { name: "claim", arguments: { session: waiter["alias"], targets: [file], wait_seconds: 30 } },
    { onprogress: ({ progress }) => heard.push(progress) },
  );
  await eventually("the wait is told of", () => (heard.length > 0 ? true : undefined));
  const [claim] = granted["claims"] as { id: string }[];
  structured(await call("release", { claim: claim?.id }));
  assert.equal((structured(await waiting)["claims"] as unknown[]).length, 1);
  await client.close();
});

void test("Hazard 30: a client goes on after the server was started anew", async () => {
  const folder = join(machine.folder, "restarted");
  let restarted = await Server.start({ machine, folder });
  const address = restarted.address;
  const client = new HandshakeClient(about);
  const withToken = { headers: { Authorization: `Bearer ${restarted.bootstrap.token}` } };
  await client.connect(new HandshakeHttp(new URL(`${restarted.url}/mcp`), { requestInit: withToken }));
  const call: Call = (name, members) => client.callTool({ name, arguments: members });
  const session = structured(await call("session", { verb: "start", alias: "STAYS-N" }));
  await restarted.stop();
  restarted = await Server.start({ machine, folder, listen: address });
  structured(await call("log", { session: session["alias"], action: "INFO", text: "still here" }));
  await client.close();
  await restarted.stop();
});

void test("codi init makes codi known to agents, and keeps what is there", async () => {
  const repository = await machine.repository("with-agents");
  const outcome = await machine.codi(repository, ["init", "--json"], { CODI_SERVER: server.url, CODI_TOKEN: token });
  assert.equal(outcome.status, 0, outcome.stderr);
  const written = JSON.parse(outcome.stdout) as { mcp_config: string };
  assert.equal(written.mcp_config, join(repository, ".mcp.json"));
  assert.equal(dirname(written.mcp_config), repository);
});
