// Nothing is set up but a server that was started in some folder: the first `codi claim` works.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openScene } from "../support/scene.ts";

const { machine, server } = await openScene();

void test("a newcomer's first claim needs no set-up", async () => {
  const repository = await machine.repository("project");
  const claimed = await machine.codi(repository, ["claim", "README.md"]);
  assert.equal(claimed.status, 0, claimed.stderr);
  assert.match(claimed.stdout, /README\.md/);

  const listed = await machine.codiDone(repository, ["claims"]);
  assert.match(listed, /README\.md/);
  const timeline = await machine.codiDone(repository, ["timeline"]);
  assert.match(timeline, /SESSION_START/);
  assert.match(timeline, /FILE_CLAIM/);
  await machine.codiDone(repository, ["release", "README.md"]);
  const left = JSON.parse(await machine.codiDone(repository, ["claims", "--json"])) as { items: unknown[] };
  assert.deepEqual(left.items, []);
});

void test("outside a repository a claim works as well, with paths from the folder", async () => {
  const folder = machine.makeFolder("no-repository");
  const claimed = JSON.parse(await machine.codiDone(folder, ["claim", "notes/plan.md", "--json"])) as {
    claims: { target: string; branch: string | null; worktree: string | null }[];
  };
  assert.deepEqual(
    claimed.claims.map(({ target, branch, worktree }) => ({ target, branch, worktree })),
    [{ target: "notes/plan.md", branch: null, worktree: null }],
  );
});

void test("a path is relative to where the command is typed", async () => {
  const repository = await machine.repository("nested");
  machine.makeFolder("nested/src/api");
  const claimed = await machine.codiDone(join(repository, "src/api"), ["claim", "users.rs", "../db/"]);
  assert.match(claimed, /src\/api\/users\.rs/);
  assert.match(claimed, /src\/db\//);
  const outside = await machine.codi(repository, ["claim", "../elsewhere"]);
  assert.notEqual(outside.status, 0);
});

void test("the files that hold tokens are their owner's alone", () => {
  for (const file of [join(server.folder, "bootstrap.json"), join(machine.folder, "home/.local/state/codi/local.json")])
    assert.equal(statSync(file).mode & 0o777, 0o600, file);
});

void test("exit statuses tell scripts what happened", async () => {
  const repository = await machine.repository("statuses");
  const unknown = await machine.codi(repository, ["frobnicate"]);
  assert.equal(unknown.status, 2);
  const missing = await machine.codi(repository, ["handoff", "show", "01890000-0000-7000-8000-000000000000"]);
  assert.equal(missing.status, 1, missing.stderr);
  const away = await machine.codi(repository, ["claims"], {
    CODI_SERVER: "http://127.0.0.1:1",
    CODI_TOKEN: "codi_none",
    CODI_PROJECT: "default",
  });
  assert.equal(away.status, 4, away.stderr);
  assert.match(away.stderr, /127\.0\.0\.1:1/);
});
