import { spawn } from "node:child_process";

/** How a command ended. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Runs a command to its end, without a shell. A command that a signal ended has the status 128 + its number. */
export function run(command: string, commandArguments: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, { ...options, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal) stderr += `\nended by ${signal}`;
      resolve({ status: code ?? 128, stdout, stderr });
    });
  });
}

const lastActs: (() => unknown)[] = [];
process.on("exit", () => {
  for (const act of lastActs.toReversed()) act();
});

/** Has this done when the tests of this file end, however they do: no server and no folder is left behind. */
export function atExit(act: () => unknown): void {
  lastActs.push(act);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again and again until the answer is there; fails with `what` after `ms`. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = 15_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await sleep(20);
  }
}
