// Guards with real commits and pushes.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Outcome } from "../support/process.ts";
import { openScene, startSession, uniqueName } from "../support/scene.ts";

const { machine, server, api } = await openScene();

const ann = { CODI_SESSION: "ann" };
const bob = { CODI_SESSION: "bob" };
const away = { CODI_SERVER: "http://127.0.0.1:1" };

function write(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function script(folder: string, name: string, text: string): void {
  write(folder, name, `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o750);
}

const twelveLines = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n";

/** A guarded repository with a bare one as its remote, and a project in which ann and bob work. */
async function guarded(words: readonly string[] = []): Promise<{ folder: string; remote: string }> {
  const slug = uniqueName("guarded");
  const remote = machine.makeFolder(`${slug}.git`);
  await machine.git(remote, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  const folder = await machine.repository(slug, remote);
  await machine.codiDone(folder, ["init", "--slug", slug]);
  for (const alias of ["ann", "bob"]) await startSession(api, slug, { alias });
  write(folder, "src/api/users.rs", twelveLines);
  write(folder, "README.md", "read me\n");
  await machine.git(folder, ["add", "--all"]);
  await machine.git(folder, ["commit", "--quiet", "--message=files"]);
  await machine.git(folder, ["push", "--quiet", "--set-upstream", "origin", "main"]);
  await machine.codiDone(folder, ["guard", "install", ...words]);
  return { folder, remote };
}

function git(folder: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return machine.run(folder, "git", words, env);
}

async function head(folder: string, name = "HEAD"): Promise<string> {
  return (await machine.git(folder, ["rev-parse", name])).trim();
}

void test("a commit of what another session holds is refused, the holder's own is not", async () => {
  const { folder } = await guarded();
  await machine.codiDone(folder, ["claim", "src/api/", "--reason", "the users endpoint"], bob);
  const before = await head(folder);
  write(folder, "src/api/users.rs", "changed\n");
  for (const env of [ann, {}]) {
    const refused = await git(folder, ["commit", "--quiet", "--all", "--message=mine"], env);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /src\/api\/users\.rs: src\/api\/ is held by bob .*the users endpoint/);
    assert.match(refused.stderr, /git restore --staged/);
  }
  assert.equal(await head(folder), before);
  write(folder, "README.md", "changed\n");
  const partly = await git(folder, ["commit", "--quiet", "--message=part", "README.md"], ann);
  assert.equal(partly.status, 0, `what is committed counts, and not the whole index: ${partly.stderr}`);
  assert.equal((await git(folder, ["commit", "--quiet", "--all", "--message=own"], bob)).status, 0);
});

void test("names of any kind are asked about as they are", async () => {
  const { folder } = await guarded();
  await machine.codiDone(folder, ["claim", "held/", "app/[[]id]/x.ts"], bob);
  for (const name of ["free/a b.rs", "free/new\nline.rs", "free/ü.rs", "app/*/x.ts", "**"]) write(folder, name, "x");
  await machine.git(folder, ["add", "--all"]);
  assert.equal((await git(folder, ["commit", "--quiet", "--message=free"], ann)).status, 0);
  for (const name of ["held/new\nline.rs", "held/ü b.rs", "app/[id]/x.ts"]) {
    write(folder, name, "x");
    await machine.git(folder, ["add", "--all"]);
    const refused = await git(folder, ["commit", "--quiet", "--message=held"], ann);
    assert.notEqual(refused.status, 0, name);
    await machine.git(folder, ["reset", "--quiet", "--hard"]);
  }
});

void test("Hazard 13: a rename meets claims on both names and tells what to do with one's own", async () => {
  const { folder } = await guarded();
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  await machine.git(folder, ["mv", "src/api/users.rs", "src/api/people.rs"]);
  assert.notEqual((await git(folder, ["commit", "--quiet", "--message=away"], ann)).status, 0);
  const own = await git(folder, ["commit", "--quiet", "--message=away"], bob);
  assert.equal(own.status, 0, own.stderr);
  assert.match(own.stderr, /codi claim mv src\/api\/users\.rs src\/api\/people\.rs/);
  await machine.codiDone(folder, ["claim", "taken.rs"], bob);
  await machine.git(folder, ["mv", "README.md", "taken.rs"]);
  assert.notEqual((await git(folder, ["commit", "--quiet", "--message=onto"], ann)).status, 0);
});

void test("Hazard 14: a linked working tree is guarded by the same hooks and meets the same claims", async () => {
  const { folder } = await guarded();
  const second = join(machine.folder, uniqueName("tree"));
  await machine.git(folder, ["worktree", "add", "--quiet", "-b", uniqueName("branch"), second]);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  write(second, "src/api/users.rs", "changed\n");
  const refused = await git(join(second, "src"), ["commit", "--quiet", "--all", "--message=there"], ann);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /src\/api\/users\.rs is held by bob/);
  assert.equal((await git(second, ["commit", "--quiet", "--all", "--message=there"], bob)).status, 0);
  assert.notEqual((await git(second, ["push", "--quiet", "origin", "HEAD"], ann)).status, 0);
  assert.equal((await git(second, ["push", "--quiet", "origin", "HEAD"], bob)).status, 0);
  assert.match(await machine.codiDone(second, ["guard", "status"], ann), /ok +pre-commit +.*guarded-\d+\/\.git\/hooks/);
});

void test("a push is judged by who holds the files now", async () => {
  const { folder, remote } = await guarded();
  write(folder, "src/api/users.rs", "changed\n");
  await machine.git(folder, ["commit", "--quiet", "--all", "--message=before anybody held it"]);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  const before = await head(remote, "main");
  const refused = await git(folder, ["push", "--quiet"], ann);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /the push changes what another session holds\n +src\/api\/users\.rs is held by bob/);
  assert.notEqual((await git(folder, ["push", "--quiet", "origin", "main:new"], ann)).status, 0);
  assert.notEqual((await git(folder, ["push", "--quiet", remote, "main:unnamed"], ann)).status, 0);
  assert.equal(await head(remote, "main"), before);
  await machine.codiDone(folder, ["release", "--all"], bob);
  assert.equal((await git(folder, ["push", "--quiet"], ann)).status, 0);
});

void test("pushes of nothing, of tags, by force and of deletions", async () => {
  const { folder, remote } = await guarded();
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  assert.equal((await git(folder, ["push", "--quiet"], ann)).status, 0, "nothing");
  await machine.git(folder, ["tag", "v1"]);
  write(folder, "README.md", "changed\n");
  await machine.git(folder, ["commit", "--quiet", "--amend", "--all", "--message=again"]);
  const forced = await git(folder, ["push", "--quiet", "--force", "origin", "main", "v1"], ann);
  assert.notEqual(forced.status, 0, "the amended commit brings the held file again");
  await machine.git(folder, ["reset", "--quiet", "--hard", "v1"]);
  write(folder, "README.md", "changed\n");
  await machine.git(folder, ["commit", "--quiet", "--all", "--message=more"]);
  const pushed = await git(folder, ["push", "--quiet", "origin", "main", "v1", "main:side"], ann);
  assert.equal(pushed.status, 0, pushed.stderr);
  assert.equal((await git(folder, ["push", "--quiet", "origin", ":side"], ann)).status, 0, "a deletion");
  assert.equal(await head(remote, "v1"), await head(folder, "v1"));
});

void test("a merge of what others have pushed is no change of one's own", async () => {
  const { folder } = await guarded();
  await machine.git(folder, ["checkout", "--quiet", "-b", "theirs"]);
  write(folder, "src/api/users.rs", twelveLines.replace("one", "theirs"));
  write(folder, "README.md", "theirs\n");
  await machine.git(folder, ["commit", "--quiet", "--all", "--message=theirs"]);
  await machine.git(folder, ["push", "--quiet", "origin", "theirs"]);
  await machine.git(folder, ["checkout", "--quiet", "main"]);
  write(folder, "README.md", "ours\n");
  await machine.git(folder, ["commit", "--quiet", "--all", "--message=ours"]);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  assert.notEqual((await git(folder, ["merge", "--quiet", "theirs"], ann)).status, 0, "it conflicts in README.md");
  write(folder, "README.md", "both\n");
  const settled = await git(folder, ["commit", "--quiet", "--all", "--message=merge"], ann);
  assert.equal(settled.status, 0, settled.stderr);
  const pushed = await git(folder, ["push", "--quiet", "origin", "main"], ann);
  assert.equal(pushed.status, 0, pushed.stderr);
});

void test("hooks that are there run first, with what git gives them, and come back as they were", async () => {
  const { folder } = await guarded();
  const hooks = join(folder, ".git/hooks");
  await machine.codiDone(folder, ["guard", "remove"]);
  assert(!existsSync(join(hooks, "pre-commit")) && !existsSync(join(hooks, "pre-push")));
  script(hooks, "pre-commit", 'echo "commit $#" >> ran');
  script(hooks, "pre-push", 'echo "push $1" >> ran; cat >> ran');
  const before = readFileSync(join(hooks, "pre-push"));
  await machine.codiDone(folder, ["guard", "install"]);
  await machine.codiDone(folder, ["guard", "install"]);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  write(folder, "README.md", "changed\n");
  assert.equal((await git(folder, ["commit", "--quiet", "--all", "--message=x"], ann)).status, 0);
  assert.equal((await git(folder, ["push", "--quiet"], ann)).status, 0);
  const id = await head(folder);
  assert.match(
    readFileSync(join(folder, "ran"), "utf8"),
    new RegExp(`^commit 0\\npush origin\\nrefs/heads/main ${id} refs/heads/main [0-9a-f]{40}\\n$`),
  );
  write(folder, "src/api/users.rs", "changed\n");
  assert.notEqual((await git(folder, ["commit", "--quiet", "--all", "--message=x"], ann)).status, 0);
  await machine.codiDone(folder, ["guard", "remove"]);
  assert.deepEqual(readFileSync(join(hooks, "pre-push")), before);
  assert.equal(statSync(join(hooks, "pre-push")).mode & 0o777, 0o750);
  assert.equal((await git(folder, ["commit", "--quiet", "--all", "--message=x"], ann)).status, 0, "no guard any more");
});

void test("core.hooksPath is where the hooks go", async () => {
  const { folder } = await guarded();
  await machine.git(folder, ["config", "core.hooksPath", ".githooks"]);
  const overshadowed = await machine.codi(folder, ["guard", "status"], ann);
  assert.equal(overshadowed.status, 1);
  assert.match(overshadowed.stdout, /but core\.hooksPath leads git to/);
  const installed = await machine.codi(folder, ["guard", "install"]);
  assert.equal(installed.status, 0, installed.stderr);
  assert.match(installed.stderr, /in the working tree/);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  write(folder, "src/api/users.rs", "changed\n");
  assert.notEqual((await git(folder, ["commit", "--quiet", "--all", "--message=x"], ann)).status, 0);
  await machine.codiDone(folder, ["guard", "status"], ann);
  await machine.codiDone(folder, ["guard", "remove"]);
  assert(!existsSync(join(folder, ".githooks/pre-commit")));
  assert(!existsSync(join(folder, ".git/hooks/pre-commit")), "those that nobody looked at any more too");
});

void test("a server that is away: open lets through with a warning, closed refuses", async () => {
  const { folder } = await guarded();
  write(folder, "README.md", "open\n");
  const open = await git(folder, ["commit", "--quiet", "--all", "--message=open"], away);
  assert.equal(open.status, 0, open.stderr);
  assert.match(open.stderr, /codi: warning: guard: nothing can be learnt of what is held/);
  write(folder, "README.md", "closed\n");
  for (const env of [{ ...away, CODI_GUARD: "closed" }, away]) {
    const closed = await git(folder, ["commit", "--quiet", "--all", "--message=closed"], env);
    assert.notEqual(closed.status, 0);
    assert.match(closed.stderr, /guard: refused, for nothing can be learnt/);
    await machine.codiDone(folder, ["guard", "install", "--fail-closed"]);
  }
  assert.notEqual((await git(folder, ["push", "--quiet", "origin", "main"], away)).status, 0);
  assert.equal((await git(folder, ["commit", "--quiet", "--all", "--message=closed"], ann)).status, 0);
});

void test("a codi that is gone warns, or refuses where the guard is closed", async () => {
  const { folder } = await guarded();
  const hook = join(folder, ".git/hooks/pre-commit");
  const env = { PATH: "/usr/bin:/bin" };
  const moved = readFileSync(hook, "utf8").replace(/^codi=.*$/m, "codi='/nowhere/codi'");
  writeFileSync(hook, moved);
  write(folder, "README.md", "changed\n");
  const open = await git(folder, ["commit", "--quiet", "--all", "--message=x"], env);
  assert.equal(open.status, 0, open.stderr);
  assert.match(open.stderr, /there is no codi/);
  writeFileSync(hook, moved.replace(/^without=0$/m, "without=4"));
  write(folder, "README.md", "again\n");
  assert.notEqual((await git(folder, ["commit", "--quiet", "--all", "--message=x"], env)).status, 0);
});

void test("the hook of a coding agent is denied what another session holds", async () => {
  const { folder } = await guarded(["--claude"]);
  await machine.codiDone(folder, ["claim", "src/api/users.rs"], bob);
  const settings = JSON.parse(readFileSync(join(folder, ".claude/settings.json"), "utf8")) as {
    hooks: { PreToolUse: { matcher: string; hooks: { command: string }[] }[] };
  };
  const command = settings.hooks.PreToolUse[0]?.hooks[0]?.command;
  assert(command !== undefined);
  const ask = async (file: string, env: NodeJS.ProcessEnv = ann): Promise<Outcome> => {
    const call = {
      session_id: "0199",
      transcript_path: join(folder, "transcript.jsonl"),
      cwd: folder,
      permission_mode: "default",
      hook_event_name: "PreToolUse",
      tool_name: "Write",
      tool_input: { file_path: join(folder, file), content: "the new text" },
      tool_use_id: "toolu_01",
    };
    write(machine.folder, "call.json", JSON.stringify(call));
    return machine.run(folder, "bash", ["-c", `${command} < ${join(machine.folder, "call.json")}`], env);
  };
  const denied = await ask("src/api/users.rs");
  assert.equal(denied.status, 0, denied.stderr);
  const { hookSpecificOutput: decision } = JSON.parse(denied.stdout) as { hookSpecificOutput: Record<string, string> };
  assert.equal(decision["hookEventName"], "PreToolUse");
  assert.equal(decision["permissionDecision"], "deny");
  assert.match(decision["permissionDecisionReason"] ?? "", /src\/api\/users\.rs is held by bob/);
  assert.deepEqual(await ask("src/other.rs"), { status: 0, stdout: "", stderr: "" });
  assert.deepEqual(await ask("src/api/users.rs", bob), { status: 0, stdout: "", stderr: "" });
  const warned = await ask("src/other.rs", away);
  assert.equal(warned.status, 0);
  assert.match((JSON.parse(warned.stdout) as { systemMessage: string }).systemMessage, /nothing can be learnt/);
  assert(!server.log.includes("the new text"));
  await machine.codiDone(folder, ["guard", "remove"]);
  assert(!existsSync(join(folder, ".claude")));
});

void test("a hook that another program has written over loses nothing", async () => {
  const { folder } = await guarded();
  const hooks = join(folder, ".git/hooks");
  script(hooks, "pre-commit", "exit 0");
  const status = await machine.codi(folder, ["guard", "status", "--json"], ann);
  assert.equal(status.status, 1);
  const report = JSON.parse(status.stdout) as { in_force: boolean; unseen: string[] };
  assert.equal(report.in_force, false);
  assert(report.unseen.some((line) => line.includes("shell")));
  renameSync(join(hooks, "pre-commit"), join(hooks, "other"));
  await machine.codiDone(folder, ["guard", "install"]);
  await machine.codiDone(folder, ["guard", "status"], ann);
  rmSync(join(hooks, "other"));
});
