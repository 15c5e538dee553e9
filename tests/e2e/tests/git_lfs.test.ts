// The git-lfs of Debian, in real repositories, against codi as its lock server.
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { connect, done } from "../support/api.ts";
import type { Outcome } from "../support/process.ts";
import { makeProject, openScene, uniqueName } from "../support/scene.ts";

const { machine, server, api } = await openScene();
const { tenant } = server.bootstrap;
const password = "correct horse battery staple";

/** A person with an account and a token for git. */
interface Person {
  name: string;
  token: string;
}

async function person(name: string, role: "member" | "admin" | "viewer" = "member"): Promise<Person> {
  const { code } = done(await api.POST("/v1/invites", { body: { role } }));
  const email = `${uniqueName(name.toLowerCase())}@example.org`;
  const anyone = connect(server.url);
  const account = done(
    await anyone.POST("/v1/invites/{code}/accept", {
      params: { path: { code } },
      body: { email, password, name },
    }),
  );
  const permissions = ["project_read", "claim_write"] as ("project_read" | "claim_write" | "claim_force")[];
  if (role === "admin") permissions.push("claim_force");
  const { token } = done(
    await connect(server.url, account.access_token).POST("/v1/tokens", {
      body: { name: "git", permissions, expires_in: 3600 },
    }),
  );
  return { name, token };
}

/** A clone of a person, set up as docs/how-to/git-lfs.md says. */
class Clone {
  readonly folder: string;
  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(origin: string, project: string, owner: Person): Promise<Clone> {
    const folder = join(machine.folder, uniqueName("clone"));
    await machine.git(machine.folder, ["clone", "--quiet", origin, folder]);
    const clone = new Clone(folder);
    await clone.git("lfs", "install", "--local");
    const store = join(machine.folder, uniqueName("credentials"));
    const { host } = new URL(server.url);
    writeFileSync(store, `http://git:${owner.token}@${host}\n`, { mode: 0o600 });
    await clone.git("config", "credential.helper", `store --file=${store}`);
    await clone.git("config", "lfs.url", `${server.url}/${tenant}/${project}/info/lfs`);
    await clone.git("config", "lfs.locksverify", "true");
    return clone;
  }

  git(...words: string[]): Promise<string> {
    return machine.git(this.folder, words);
  }

  tryGit(...words: string[]): Promise<Outcome> {
    return machine.run(this.folder, "git", words, { GIT_TERMINAL_PROMPT: "0" });
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) chmodSync(file, 0o644);
    writeFileSync(file, text);
  }

  async commit(path: string, text: string): Promise<void> {
    this.write(path, text);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", `--message=${path}`);
  }

  mode(path: string): number {
    return statSync(join(this.folder, path)).mode & 0o777;
  }

  async locks(...words: string[]): Promise<{ id: string; path: string; owner: { name: string } }[]> {
    return JSON.parse(await this.git("lfs", "locks", "--json", ...words)) as never;
  }
}

async function bareRepository(): Promise<string> {
  const path = join(machine.folder, `${uniqueName("origin")}.git`);
  await machine.git(machine.folder, ["init", "--quiet", "--bare", "--initial-branch=main", path]);
  return path;
}

/** A project with two people, whose clones have `art/hero.svg`, which is lockable and no object of git-lfs. */
async function twoPeople(): Promise<{ project: string; ann: Clone; bob: Clone; origin: string }> {
  const project = await makeProject(api);
  const origin = await bareRepository();
  const ann = await Clone.make(origin, project, await person("Ann"));
  ann.write(".gitattributes", "*.svg lockable\n");
  await ann.commit("art/hero.svg", "<svg/>\n");
  await ann.git("push", "--quiet", "origin", "HEAD:main");
  const bob = await Clone.make(origin, project, await person("Bob"));
  await bob.git("pull", "--quiet", "origin", "main");
  await bob.git("checkout", "--quiet", "-B", "main", "origin/main");
  return { project, ann, bob, origin };
}

void test("a lock, a second one refused, the list, a push refused, unlock", async () => {
  const { ann, bob } = await twoPeople();
  await ann.git("lfs", "lock", "art/hero.svg");

  const again = await bob.tryGit("lfs", "lock", "art/hero.svg");
  assert.notEqual(again.status, 0);
  assert.match(again.stderr, /art\/hero\.svg is held by git-lfs-ann/);
  assert.notEqual((await ann.tryGit("lfs", "lock", "art/hero.svg")).status, 0, "for its owner too");

  assert.deepEqual(
    (await bob.locks()).map(({ path, owner }) => ({ path, owner: owner.name })),
    [{ path: "art/hero.svg", owner: "Ann" }],
  );
  assert.match(await ann.git("lfs", "locks", "--verify"), /^O art\/hero\.svg/m);
  assert.match(await bob.git("lfs", "locks", "--verify"), /^ {2}art\/hero\.svg/m);

  await bob.commit("art/hero.svg", "<svg>bob</svg>\n");
  const refused = await bob.tryGit("push", "origin", "main");
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr + refused.stdout, /Unable to push locked files[^]*art\/hero\.svg - Ann/);

  const mine = await bob.tryGit("lfs", "unlock", "art/hero.svg");
  assert.notEqual(mine.status, 0, "it is another's");
  await ann.git("lfs", "unlock", "art/hero.svg");
  assert.deepEqual(await bob.locks(), []);
  await bob.git("push", "--quiet", "origin", "main");
});

void test("the owner of a lock pushes, and files are read-only until they are locked", async () => {
  const { ann } = await twoPeople();
  await ann.git("checkout", "--quiet", "-B", "main", "origin/main");
  await ann.git("lfs", "lock", "art/hero.svg");
  await ann.commit("art/hero.svg", "<svg>ann</svg>\n");
  const pushed = await ann.tryGit("push", "origin", "main");
  assert.equal(pushed.status, 0, pushed.stderr);
  await ann.git("lfs", "unlock", "art/hero.svg");
  assert.equal(ann.mode("art/hero.svg") & 0o222, 0, "read-only again");
  await ann.git("lfs", "lock", "art/hero.svg");
  assert.notEqual(ann.mode("art/hero.svg") & 0o200, 0);
});

void test("only an admin forces a lock open, and it is in the log", async () => {
  const { project, ann, bob, origin } = await twoPeople();
  const boss = await Clone.make(origin, project, await person("Boss", "admin"));
  await ann.git("lfs", "lock", "art/hero.svg");
  const [lock] = await ann.locks();
  assert(lock);
  const words = ["lfs", "unlock", "--force", "--id", lock.id];
  const refused = await bob.tryGit(...words);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /claim_force/);
  assert.notEqual((await boss.tryGit("lfs", "unlock", "--id", lock.id)).status, 0, "an admin has to say --force");
  await boss.git(...words);
  assert.deepEqual(await ann.locks(), []);
  const events = done(
    await api.GET("/v1/projects/{project}/events", { params: { path: { project }, query: { limit: 500 } } }),
  ).items;
  assert.equal(events.at(-1)?.text, "the claim on art/hero.svg was taken away: git lfs unlock --force");
});

void test("git-lfs and codi see each other's claims", async () => {
  const { project, bob } = await twoPeople();
  const session = { params: { path: { project } }, body: { alias: "AGENT-1" } };
  done(await api.POST("/v1/projects/{project}/sessions", session));
  done(
    await api.POST("/v1/projects/{project}/claims", {
      params: { path: { project } },
      body: { session: "AGENT-1", targets: ["art/hero.svg", "music/"] },
    }),
  );
  const held = await bob.tryGit("lfs", "lock", "art/hero.svg");
  assert.match(held.stderr, /art\/hero\.svg is held by AGENT-1/);
  assert.deepEqual(
    (await bob.locks()).map(({ path, owner }) => ({ path, owner: owner.name })),
    [{ path: "art/hero.svg", owner: "AGENT-1 (Local owner)" }],
  );
  await bob.commit("art/hero.svg", "<svg>bob</svg>\n");
  assert.match((await bob.tryGit("push", "origin", "main")).stderr, /Cannot update locked files/);
  await bob.commit("music/tune.svg", "<svg>tune</svg>\n");
  assert.match((await bob.tryGit("lfs", "lock", "music/tune.svg")).stderr, /music\/ is held by AGENT-1/);
});

void test("a wrong token is refused, and so is another tenant's address", async () => {
  const { ann } = await twoPeople();
  const stranger = await Clone.make(await bareRepository(), "default", { name: "Eve", token: "codi_wrong" });
  assert.notEqual((await stranger.tryGit("lfs", "locks")).status, 0);
  await ann.git("config", "lfs.url", `${server.url}/other/default/info/lfs`);
  assert.match((await ann.tryGit("lfs", "locks")).stderr, /there is no such project/);
});

/** A git-lfs server for objects alone, such as a forge has: it wants a password and keeps what it is given. */
class ObjectServer {
  readonly objects = new Map<string, Buffer>();
  readonly credentials = new Set<string>();
  private readonly http: HttpServer;
  private constructor(http: HttpServer) {
    this.http = http;
  }

  static async start(): Promise<ObjectServer> {
    const http = createServer();
    const made = new ObjectServer(http);
    http.on("request", (request, response) => {
      void made.answer(request).then(({ status, body, headers }) => {
        response.writeHead(status, headers).end(body);
      });
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    after(() => http.close());
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  private async answer(
    request: IncomingMessage,
  ): Promise<{ status: number; body?: Buffer | string; headers?: Record<string, string> }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, kind, oid = ""] = (request.url ?? "").split("/");
    if (kind === "store") {
      if (request.method === "PUT") this.objects.set(oid, body);
      const object = this.objects.get(oid);
      return object ? { status: 200, body: request.method === "PUT" ? "" : object } : { status: 404 };
    }
    const given = request.headers.authorization;
    if (given === undefined) return { status: 401, headers: { "LFS-Authenticate": 'Basic realm="objects"' } };
    this.credentials.add(Buffer.from(given.replace(/^Basic /, ""), "base64").toString());
    const { operation, objects } = JSON.parse(body.toString()) as {
      operation: "upload" | "download";
      objects: { oid: string; size: number }[];
    };
    const answers = objects.map(({ oid, size }) => ({
      oid,
      size,
      actions:
        operation === "upload" && this.objects.has(oid) ? {} : { [operation]: { href: `${this.url}/store/${oid}` } },
    }));
    const text = JSON.stringify({ transfer: "basic", objects: answers });
    return { status: 200, body: text, headers: { "Content-Type": "application/vnd.git-lfs+json" } };
  }
}

void test("objects go to the server that the project names, which never sees the token of codi", async () => {
  const objects = await ObjectServer.start();
  const project = await makeProject(api, { lfs_url: `${objects.url}/lfs` });
  const origin = await bareRepository();
  const owner = await person("Ann");
  const ann = await Clone.make(origin, project, owner);
  const bob = await Clone.make(origin, project, await person("Bob"));
  for (const clone of [ann, bob]) {
    const [, file] = (await clone.git("config", "credential.helper")).trim().split("--file=");
    assert(file);
    appendFileSync(file, `http://forge:forge-password@${new URL(objects.url).host}\n`);
  }
  await ann.git("lfs", "track", "--lockable", "*.bin");
  await ann.commit("a.bin", "first\n");
  await ann.git("push", "--quiet", "origin", "HEAD:main");
  assert.deepEqual([...objects.objects.values()].map(String), ["first\n"]);
  await bob.git("pull", "--quiet", "origin", "main");
  await bob.git("checkout", "--quiet", "-B", "main", "origin/main");
  assert.equal(readFileSync(join(bob.folder, "a.bin"), "utf8"), "first\n");

  await ann.git("lfs", "lock", "a.bin");
  await bob.commit("a.bin", "bob's\n");
  assert.match((await bob.tryGit("push", "origin", "main")).stderr, /Cannot update locked files/);
  assert.equal(objects.objects.size, 1, "nothing of a refused push is uploaded");
  await ann.git("lfs", "unlock", "a.bin");
  await bob.git("push", "--quiet", "origin", "main");
  assert.equal(objects.objects.size, 2);
  assert.deepEqual([...objects.credentials], ["forge:forge-password"]);
});
