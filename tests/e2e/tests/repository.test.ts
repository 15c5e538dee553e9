// Worktrees and clones of one repository are one project.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect, done } from "../support/api.ts";
import { openScene } from "../support/scene.ts";

const { machine, server, api } = await openScene();

async function init(folder: string): Promise<string> {
  const printed = await machine.codiDone(folder, ["init", "--json"]);
  return (JSON.parse(printed) as { project: { id: string } }).project.id;
}

void test("Hazard 14: worktrees and clones of a repository share its project and meet each other's claims", async () => {
  const original = await machine.repository("payments", "git@git.example.org:acme/payments.git");
  const clone = await machine.repository("elsewhere", "https://git.example.org/acme/payments");
  const worktree = join(machine.folder, "payments-fix");
  await machine.git(original, ["worktree", "add", "--quiet", "-b", "fix", worktree]);

  const project = await init(original);
  assert.equal(await init(original), project, "init can be repeated");
  assert.equal(await init(clone), project);
  assert.equal(await init(worktree), project);

  await machine.codiDone(original, ["claim", "src/pay.rs"]);
  const refusal = await machine.codi(clone, ["claim", "src/pay.rs"]);
  assert.equal(refusal.status, 3, refusal.stderr);
  const warned = await machine.codi(worktree, ["claim", "src/pay.rs"]);
  assert.equal(warned.status, 0, warned.stderr);
  assert.match(warned.stderr, /on another branch.*src\/pay\.rs is held by/);
  await machine.codiDone(worktree, ["release", "--all"]);
  await machine.codiDone(original, ["project", "update", "--policies", '{"cross_branch": "block"}']);
  const blocked = await machine.codi(worktree, ["claim", "src/pay.rs"]);
  assert.equal(blocked.status, 3, blocked.stderr);
  await machine.codiDone(worktree, ["claim", "src/fix.rs"]);
  const claims = done(await api.GET("/v1/projects/{project}/claims", { params: { path: { project } } })).items;
  assert.deepEqual(
    claims.map(({ target, branch, worktree }) => ({ target, branch, worktree })),
    [
      { target: "src/pay.rs", branch: "main", worktree: original },
      { target: "src/fix.rs", branch: "fix", worktree },
    ],
  );
});

void test("a worktree uses the settings of its repository before it has its own", async () => {
  const original = await machine.repository("orders", "ssh://git@git.example.org/acme/orders.git");
  const project = await init(original);
  const worktree = join(machine.folder, "orders-2");
  await machine.git(original, ["worktree", "add", "--quiet", "-b", "two", worktree]);
  assert(!existsSync(join(worktree, ".codi")));
  await machine.codiDone(worktree, ["claim", "src/order.rs"]);
  const claims = done(await api.GET("/v1/projects/{project}/claims", { params: { path: { project } } })).items;
  assert.deepEqual(
    claims.map((claim) => claim.worktree),
    [worktree],
  );
});

void test("repositories of one name and two owners are two projects", async () => {
  const ours = await init(await machine.repository("one/tools", "https://git.example.org/acme/tools.git"));
  const theirs = await init(await machine.repository("two/tools", "https://git.example.org/other/tools.git"));
  assert.notEqual(ours, theirs);
});

void test("the settings that init writes can be committed: they hold no secret", async () => {
  const repository = await machine.repository("clean", "https://git.example.org/acme/clean.git");
  await init(repository);
  const settings = readFileSync(join(repository, ".codi/config.toml"), "utf8");
  assert.match(settings, /^project = ["']clean["']$/m);
  assert(!settings.includes(server.bootstrap.token));
  assert.doesNotMatch(settings, /codi_/);
});

void test("login, a token's own work and logout", async () => {
  const email = "ada@example.org";
  const password = "a long enough password";
  done(
    await connect(server.url).POST("/v1/auth/register", {
      body: { email, password, name: "Ada", tenant_name: "Analysts" },
    }),
  );
  const folder = await machine.repository("engines", "https://git.example.org/ada/engines.git");
  const home = machine.makeFolder("home-of-ada");
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, ".local/state"),
    CODI_SERVER: server.url,
  };
  const login = await machine.run(folder, "bash", ["-c", `printf '%s\\n' "$PASSWORD" | codi login --email ${email}`], {
    ...env,
    PASSWORD: password,
  });
  assert.equal(login.status, 0, login.stderr);
  assert.match(await machine.codiDone(folder, ["whoami"], env), /Analysts/);
  await machine.codiDone(folder, ["init"], env);
  await machine.codiDone(folder, ["claim", "src/engine.rs"], env);
  await machine.codiDone(folder, ["logout"], env);
  const after = await machine.codi(folder, ["claims"], env);
  assert.notEqual(after.status, 0);
});
