import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import type { Machine } from "./machine.ts";
import { atExit, eventually } from "./process.ts";

const names = ["chromium-headless-shell", "chromium", "google-chrome", "chrome"];

/** Chromium's program: CODI_CHROMIUM, or one of its usual names on the PATH. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const wanted = process.env["CODI_CHROMIUM"];
  const all = wanted ? [wanted] : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return all.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Told {
  id?: number;
  method?: string;
  params?: { name?: string; payload?: string };
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** One page of a headless Chromium, driven by its DevTools protocol. */
export class Page {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, (told: Told) => void>();
  private readonly bindings = new Map<string, (payload: string) => void>();
  private session: string | undefined;
  private asked = 0;

  private readonly end: () => void;

  private constructor(socket: WebSocket, end: () => void) {
    this.socket = socket;
    this.end = end;
    socket.addEventListener("message", (message) => {
      const told = JSON.parse(message.data as string) as Told;
      if (told.id !== undefined) this.waiting.get(told.id)?.(told);
      if (told.method === "Runtime.bindingCalled")
        this.bindings.get(told.params?.name ?? "")?.(told.params?.payload ?? "");
    });
  }

  /** Starts the browser on an empty page of an origin of its own; it ends with the tests of this file. */
  static async open(program: string, machine: Machine): Promise<Page> {
    const site = createServer((_, answer) => answer.end("<!doctype html><title>follower</title>"));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    site.unref();
    const profile = `--user-data-dir=${machine.makeFolder("chromium")}`;
    // Root may not have a sandbox; nothing but the page of this test is shown.
    const words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const child = spawn(program, [...words, profile, "--remote-debugging-port=0"], {
      env: machine.env,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true, // a group of its own, which ends as one
    });
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, "SIGKILL");
    };
    atExit(end);
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    const address = await eventually(
      "Chromium starts",
      () => {
        if (child.exitCode !== null) throw new Error(`Chromium ended with ${child.exitCode}: ${log}`);
        return /DevTools listening on (ws:\S+)/.exec(log)?.[1];
      },
      60_000,
    );
    child.unref();
    child.stderr.destroy();
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    const page = new Page(socket, end);
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
    const { targetId } = await page.ask("Target.createTarget", { url });
    page.session = (await page.ask("Target.attachToTarget", { targetId, flatten: true }))["sessionId"] as string;
    await page.ask("Runtime.enable");
    await eventually("the page is there", async () => ((await page.run("location.href")) === url ? true : undefined));
    return page;
  }

  private async ask(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = (this.asked += 1);
    const told = await new Promise<Told>((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ id, method, params, sessionId: this.session }));
    });
    this.waiting.delete(id);
    if (!told.result) throw new Error(`${method}: ${told.error?.message ?? "no answer"}`);
    return told.result;
  }

  /** The page's function `name` with one text calls this one. */
  async bind(name: string, call: (text: string) => void): Promise<void> {
    this.bindings.set(name, call);
    await this.ask("Runtime.addBinding", { name });
  }

  /** What a JavaScript expression gives in the page. */
  async run(expression: string): Promise<unknown> {
    const answer = await this.ask("Runtime.evaluate", { expression, returnByValue: true });
    if (answer["exceptionDetails"]) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return (answer["result"] as { value?: unknown }).value;
  }

  /** Ends the browser. */
  close(): void {
    this.socket.close();
    this.end();
  }
}
