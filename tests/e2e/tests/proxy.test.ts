// The nginx configuration of docs/how-to/team-server.md, as it stands there, before a server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect, done } from "../support/api.ts";
import { follow, type Followed } from "../support/follow.ts";
import { freePort } from "../support/foundationdb.ts";
import { Machine, sourceFolder } from "../support/machine.ts";
import { atExit, eventually, run } from "../support/process.ts";
import { startSession } from "../support/scene.ts";
import { Server } from "../support/server.ts";

const nginx = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

/** The page's block, on a port of the loopback and without TLS, which nginx does alone. */
function configuration(machine: Machine, socket: string, port: number): string {
  const page = readFileSync(join(sourceFolder, "docs/how-to/team-server.md"), "utf8");
  const block = /```nginx\n(.*?)```/s.exec(page)?.[1];
  assert(block);
  const here = block
    .replace("unix:/run/codi/codi.sock", `unix:${socket}`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`);
  assert(here.includes(socket) && here.includes(`127.0.0.1:${port}`), here);
  const folder = machine.makeFolder("nginx");
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temporary = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  const file = join(folder, "nginx.conf");
  const user = process.getuid?.() === 0 ? "user root;\n" : ""; // or its worker could not open the socket
  const start = `${user}daemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\n`;
  writeFileSync(file, `${start}http {\naccess_log off;\n${temporary}\n${here}\n}\n`);
  return file;
}

void test("nginx as the page has it carries requests, feeds and server-sent events", async (t) => {
  if (nginx === undefined) {
    t.skip("SKIPPED: no nginx here");
    return;
  }
  const machine = new Machine();
  const socket = join(machine.folder, "codi.sock");
  const behind = ["--trusted-proxy", "unix", "--listen", `unix:${socket}`];
  const server = await Server.start({ machine, words: behind });
  t.after(async () => {
    await server.stop();
    machine.remove();
  });
  const port = await freePort();
  const file = configuration(machine, socket, port);
  const words = ["-c", file, "-e", join(machine.folder, "nginx/error.log")];
  const checked = await run(nginx, ["-t", ...words], { cwd: machine.folder, env: machine.env });
  assert.equal(checked.status, 0, checked.stderr);
  const proxy = spawn(nginx, words, { env: machine.env, stdio: "ignore" });
  atExit(() => proxy.kill("SIGTERM"));
  t.after(() => proxy.kill("SIGTERM"));

  const { token, project } = server.bootstrap;
  const url = `http://127.0.0.1:${port}`;
  await eventually("nginx answers", async () => {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    return answer?.status === 200 ? true : undefined;
  });
  const api = connect(url, token);
  const session = await startSession(api, project, { alias: "behind" });
  const got: Followed[] = [];
  const feed = `${url}/v1/projects/${project}/feed`;
  const stop = follow(
    {
      urls: [feed.replace("http", "ws")],
      token,
      after: "0".repeat(32),
      got: (each) => got.push(each),
      lost: (code) => {
        assert.equal(code, 1000);
      },
    },
    WebSocket,
  );
  const events = await fetch(feed, { headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" } });
  assert.equal(events.status, 200);
  const path = { project };
  const body = { session: session.id, action: "INFO", text: "through nginx" };
  done(await api.POST("/v1/projects/{project}/events", { params: { path }, body }));
  await eventually("the feed tells it", () =>
    got.some((each) => (each.event as { text: string }).text === body.text) ? true : undefined,
  );
  assert(events.body);
  const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes(body.text);) {
    const piece = await reader.read();
    assert(!piece.done, text);
    text += piece.value;
  }
  await reader.cancel();
  stop();
});
