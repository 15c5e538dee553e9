// Autobahn|Testsuite, the public protocol suite for WebSocket servers, against codi's own layer with an echo behind it
// (tests/websocket_echo). It runs on Python 2 only, so that no package of Debian 12 has it: CODI_WSTEST names its program
// where there is one. `feed_frames.test.ts` asks the same of the feed itself, everywhere.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { codiBinary, Machine } from "../support/machine.ts";
import { eventually } from "../support/process.ts";

const wstest = process.env["CODI_WSTEST"];

/** What does not apply, each with the reason. */
const excluded: Record<string, string> = {
  "1.2.*": "binary messages: a feed refuses them",
  "9.1.3": "messages of a megabyte and more: one may have 256 KiB",
  "9.1.4": "as before",
  "9.1.5": "as before",
  "9.1.6": "as before",
  "9.2.*": "binary messages",
  "9.3.*": "messages of four megabytes",
  "9.4.*": "binary messages",
  "9.5.*": "messages of a megabyte",
  "9.6.*": "binary messages",
  "9.8.*": "binary messages",
};
const runs = {
  plain: { words: [], cases: ["*"], without: [...Object.keys(excluded), "12.*", "13.*"] },
  compressed: { words: ["--deflate"], cases: ["12.1.*", "13.1.*"], without: [] },
};

interface Verdict {
  behavior: string;
  behaviorClose: string;
}

function startEcho(words: string[]) {
  const child = spawn(join(dirname(codiBinary), "websocket_echo"), words, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  return { child, url: eventually("the echo listens", () => /^(ws:\S+)\n/.exec(printed)?.[1]) };
}

for (const [name, { words, cases, without }] of Object.entries(runs))
  void test(`every case that applies passes: ${name}`, { timeout: 900_000 }, async (t) => {
    if (!wstest) {
      t.skip("SKIPPED: CODI_WSTEST names no wstest of Autobahn|Testsuite");
      return;
    }
    const machine = new Machine();
    const { child, url } = startEcho([...words]);
    t.after(() => {
      child.kill();
      machine.remove();
    });
    const specification = join(machine.folder, "cases.json");
    const outdir = machine.makeFolder("reports");
    const servers = [{ agent: "codi", url: await url }];
    writeFileSync(
      specification,
      JSON.stringify({ outdir, servers, cases, "exclude-cases": without, "exclude-agent-cases": {} }),
    );
    const suite = spawn(wstest, ["--mode", "fuzzingclient", "--spec", specification], {
      cwd: machine.folder,
      stdio: "ignore",
    });
    await new Promise((resolve) => suite.on("close", resolve));
    const index = JSON.parse(readFileSync(join(outdir, "index.json"), "utf8")) as { codi: Record<string, Verdict> };
    const all = Object.entries(index.codi);
    const failed = all.filter(
      ([, verdict]) =>
        !["OK", "NON-STRICT", "INFORMATIONAL"].includes(verdict.behavior) ||
        !["OK", "INFORMATIONAL"].includes(verdict.behaviorClose),
    );
    t.diagnostic(`${all.length} cases`);
    assert(all.length > 15);
    assert.deepEqual(failed, []);
  });
