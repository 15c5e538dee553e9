import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { atExit, type Outcome, run } from "./process.ts";

const root = resolve(import.meta.dirname, "../../..");

/** The repository that these tests belong to. */
export const sourceFolder = root;
/** The programs under test. */
export const codiBinary = resolve(process.env["CODI_BIN"] ?? join(root, "build/release/codi"));
export const codiLogBinary = resolve(process.env["CODI_LOG_BIN"] ?? join(dirname(codiBinary), "codi-log"));

const passedOn = ["LLVM_PROFILE_FILE", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"];

/** A person's machine: a home of its own, so that nothing of whoever runs the tests is read or written. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "codi-e2e-"));
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const home = this.makeFolder("home");
    this.env = {
      HOME: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      XDG_STATE_HOME: join(home, ".local/state"),
      PATH: `${dirname(codiBinary)}:${dirname(codiLogBinary)}:${process.env["PATH"] ?? ""}`,
      USER: "tester",
      LOGNAME: "tester",
      LANG: "C.UTF-8",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Tester",
      GIT_AUTHOR_EMAIL: "tester@example.org",
      GIT_COMMITTER_NAME: "Tester",
      GIT_COMMITTER_EMAIL: "tester@example.org",
    };
    for (const name of passedOn) if (process.env[name] !== undefined) this.env[name] = process.env[name];
    atExit(() => {
      this.remove();
    });
  }

  makeFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  run(cwd: string, command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return run(command, words, { cwd, env: { ...this.env, ...env } });
  }

  codi(cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.run(cwd, codiBinary, words, env);
  }

  codiLog(cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.run(cwd, codiLogBinary, words, env);
  }

  /** As `codi`, for what must succeed; gives what it prints. */
  async codiDone(cwd: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const outcome = await this.codi(cwd, words, env);
    assert.equal(outcome.status, 0, `codi ${words.join(" ")}: ${outcome.stderr}`);
    return outcome.stdout;
  }

  async git(cwd: string, words: readonly string[]): Promise<string> {
    const outcome = await this.run(cwd, "git", words);
    assert.equal(outcome.status, 0, `git ${words.join(" ")}: ${outcome.stderr}`);
    return outcome.stdout;
  }

  /** A git repository with one commit, and a remote if one is named. */
  async repository(name: string, remote?: string): Promise<string> {
    const path = this.makeFolder(name);
    await this.git(path, ["init", "--quiet", "--initial-branch=main"]);
    await this.git(path, ["commit", "--quiet", "--allow-empty", "--message=begin"]);
    if (remote) await this.git(path, ["remote", "add", "origin", remote]);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
