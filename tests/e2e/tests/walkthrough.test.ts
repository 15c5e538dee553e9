// docs/how-to/walkthrough.md as it stands: its commands are run in their order, and what the page shows of their output must
// stand in it. Ids, times and the width of columns are not compared.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sourceFolder } from "../support/machine.ts";
import { openScene } from "../support/scene.ts";

const { machine } = await openScene();

interface Step {
  folder: string;
  command: string;
  shows: string[];
}

/** The commands of the page's consoles, each with the lines that follow it. */
function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  for (const [, block = ""] of page.matchAll(/^```console\n(.*?)^```/gms))
    for (const line of block.trimEnd().split("\n")) {
      const [, folder, command] = /^~\/(\S+) \$ (.*)$/.exec(line) ?? [];
      if (folder && command) steps.push({ folder, command, shows: [] });
      else steps.at(-1)?.shows.push(line);
    }
  return steps;
}

const plain = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

void test("the walkthrough runs as it is written, and ends with a delegation that nobody asked for", async () => {
  const page = readFileSync(join(sourceFolder, "docs/how-to/walkthrough.md"), "utf8");
  const steps = stepsOf(page);
  assert(steps.length > 20, "the page has lost its commands");
  await machine.repository("shop", "https://git.example.org/acme/shop.git");
  let offered = "";
  for (const { folder, command, shows } of steps) {
    if (command.startsWith("cd ")) continue; // the prompt says where the next one runs
    const typed = command.replaceAll("~/codi", sourceFolder).replaceAll("01a20512", offered);
    const outcome = await machine.run(join(machine.folder, folder), "bash", ["-c", typed]);
    const said = plain(outcome.stdout + outcome.stderr);
    const refused = shows.some((line) => line.includes("ROLE-USR-"));
    assert.equal(outcome.status, refused ? 3 : 0, `${typed}: ${said}`);
    for (const line of shows) assert(said.includes(plain(line)), `${typed} does not show \`${line}\`:\n${said}`);
    if (command.includes("handoff list")) offered = /\b[0-9a-f]{8,}\b/.exec(outcome.stdout)?.[0] ?? "";
  }
  assert.notEqual(offered, "");
});
