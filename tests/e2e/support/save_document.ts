// Writes the OpenAPI document of the server under test to the file that is named.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Machine } from "./machine.ts";
import { Server } from "./server.ts";

const [, , file] = process.argv;
assert(file !== undefined, "usage: save_document.ts FILE");
const machine = new Machine();
const server = await Server.start({ machine });
const response = await fetch(`${server.url}/openapi.json`);
assert.equal(response.status, 200);
writeFileSync(file, await response.text());
await server.stop();
machine.remove();
