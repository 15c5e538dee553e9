import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codiBinary, Machine } from "./machine.ts";
import { atExit, eventually } from "./process.ts";

/** What the first start on an empty store writes. */
export interface Bootstrap {
  token: string;
  operator_token: string;
  tenant: string;
  project: string;
  server: string;
}

export interface ServerOptions {
  machine: Machine;
  /** Of the store; `data` of the machine when missing. */
  folder?: string;
  /** Where it keeps everything; a RocksDB in the folder when missing. */
  store?: string;
  /** `host:port`; a free port of the loopback when missing. */
  listen?: string;
  words?: readonly string[];
}

/** A server under test: a process of its own, stopped by its own pid. */
export class Server {
  readonly folder: string;
  readonly url: string;
  private readonly child: ChildProcess;
  private readonly output: { text: string };
  private readonly ended: Promise<number>;

  private constructor(
    folder: string,
    url: string,
    child: ChildProcess,
    output: { text: string },
    ended: Promise<number>,
  ) {
    this.folder = folder;
    this.url = url;
    this.child = child;
    this.output = output;
    this.ended = ended;
  }

  static async start({ machine, folder, store, listen = "127.0.0.1:0", words = [] }: ServerOptions): Promise<Server> {
    const home = folder ?? join(machine.folder, "data");
    const child = spawn(codiBinary, ["serve", "--listen", listen, "--store", store ?? `rocksdb:${home}`, ...words], {
      cwd: machine.folder,
      env: machine.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    atExit(() => child.kill("SIGKILL"));
    const output = { text: "" };
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.text += text));
    const ended = new Promise<number>((resolve) =>
      child.on("close", (code) => {
        resolve(code ?? -1);
      }),
    );
    const url = await eventually("the server listens", () => {
      if (child.exitCode !== null) throw new Error(`codi serve ended with ${child.exitCode}: ${output.text}`);
      return /listens on (http:\/\/\S+)/.exec(printed)?.[1];
    });
    return new Server(home, url, child, output, ended);
  }

  get pid(): number {
    assert(this.child.pid !== undefined);
    return this.child.pid;
  }

  get address(): string {
    return new URL(this.url).host;
  }

  /** What it wrote to stderr. */
  get log(): string {
    return this.output.text;
  }

  get bootstrap(): Bootstrap {
    return JSON.parse(readFileSync(join(this.folder, "bootstrap.json"), "utf8")) as Bootstrap;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** The exit status; -1 when a signal ended it. */
  exit(): Promise<number> {
    return this.ended;
  }

  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<number> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.signal(name);
    return this.ended;
  }
}
