// The protocol of the feed's WebSocket, frame by frame: what RFC 6455 asks of a server, section by section, in the order of
// the cases of Autobahn|Testsuite (its numbers stand before each); and whatever else bytes can say.
import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import { constants as zlib, deflateRawSync, inflateRawSync } from "node:zlib";
import { Machine } from "../support/machine.ts";
import { eventually } from "../support/process.ts";
import { closeFrame, type Frame, frame, opcode, RawFeed } from "../support/raw_feed.ts";
import { Server } from "../support/server.ts";

const messageLimit = 256 * 1024;
const machine = new Machine();
const server = await Server.start({ machine });
const deflating = await Server.start({
  machine,
  folder: machine.makeFolder("deflating"),
  words: ["--feed-compression", "on"],
});
after(async () => {
  await Promise.all([server.stop(), deflating.stop()]);
  machine.remove();
});

function addressOf(of: Server): string {
  return `${of.url}/v1/projects/${of.bootstrap.project}/feed?presence=false`;
}

async function open(t: TestContext | undefined, of = server, fields: string[] = []): Promise<RawFeed> {
  const feed = await RawFeed.open(addressOf(of), of.bootstrap.token, fields);
  assert.match(feed.head, /^HTTP\/1\.1 101 /);
  t?.after(() => {
    feed.destroy();
  });
  return feed;
}

let asked = 0;

/** A message that nothing knows: it is answered by an error with its id. Its text is as long as it is wanted to be. */
function question(bytes = 0): { id: string; text: string } {
  const id = `q${(asked += 1)}`;
  const start = `{"type":"nothing","id":"${id}","input":{"x":"`;
  return { id, text: start + "x".repeat(Math.max(0, bytes - start.length - 3)) + '"}}' };
}

async function answered(feed: RawFeed, id: string): Promise<void> {
  const got = await feed.until(`${id} is answered`, (each) => each.payload.includes(`"id":"${id}"`));
  assert.deepEqual([got.fin, got.rsv, got.opcode, got.masked], [true, 0, opcode.text, false]);
}

/** The feed still works. */
async function stillThere(feed: RawFeed): Promise<void> {
  const { id, text } = question();
  feed.send(frame(opcode.text, text));
  await answered(feed, id);
}

void test("1, RFC 5.2, 5.6: text of every form of length is heard, and binary is refused", async (t) => {
  const feed = await open(t);
  for (const bytes of [60, 125, 126, 127, 128, 65_535, 65_536, messageLimit]) {
    const { id, text } = question(bytes);
    feed.send(frame(opcode.text, text));
    await answered(feed, id);
  }
  for (const bytes of [0, 1, 126]) {
    const other = await open(t);
    other.send(frame(opcode.binary, "b".repeat(bytes)));
    assert.equal(await other.closeCode(), 1003);
  }
  const empty = await open(t);
  empty.send(frame(opcode.text));
  await empty.until("an empty message is answered", (each) => each.payload.includes('"type":"error"'));
  await stillThere(empty);
});

void test("1, RFC 5.1, 5.3: every mask is taken off, and a frame without one ends it", async (t) => {
  const feed = await open(t);
  for (const mask of [0, 1, 0x80, 0xff]) {
    const { id, text } = question(300);
    feed.send(frame(opcode.text, text, { mask }));
    await answered(feed, id);
  }
  for (const code of [opcode.text, opcode.ping, opcode.close]) {
    const bare = await open(t);
    bare.send(frame(code, "", { masked: false }));
    assert.equal(await bare.closeCode(), 1002);
    await bare.end();
  }
});

void test("2, RFC 5.5.2, 5.5.3: a ping is answered with what it carries, in time and in order", async (t) => {
  const feed = await open(t);
  for (const bytes of [0, 1, 124, 125]) {
    const payload = Buffer.alloc(bytes, 0xfe);
    feed.send(frame(opcode.ping, payload));
    const pong = await feed.until("a pong", (each) => each.opcode === opcode.pong);
    assert.deepEqual([pong.fin, pong.masked, pong.payload], [true, false, payload]);
  }
  feed.send(frame(opcode.pong, "nobody asked"));
  const ten = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
  feed.send(...ten.map((text) => frame(opcode.ping, text)));
  for (const text of ten) {
    const pong = await feed.until("a pong", (each) => each.opcode === opcode.pong);
    assert.equal(pong.payload.toString(), text);
  }
  await feed.sendChopped(frame(opcode.ping, "a byte at a time"));
  await feed.until("a pong", (each) => each.payload.toString() === "a byte at a time");
  await stillThere(feed);
});

void test("2.5, RFC 5.5: a control frame has 125 bytes at most", async (t) => {
  for (const code of [opcode.ping, opcode.pong, opcode.close]) {
    const feed = await open(t);
    feed.send(frame(code, Buffer.alloc(126, 0x61)));
    assert.equal(await feed.closeCode(), 1002);
    await feed.end();
  }
});

void test("3, RFC 5.2: a reserved bit that nobody has agreed on ends it", async (t) => {
  for (const rsv of [1, 2, 3, 4, 5, 6, 7])
    for (const code of [opcode.text, opcode.ping, opcode.close]) {
      const feed = await open(t);
      feed.send(frame(code, "", { rsv }));
      assert.equal(await feed.closeCode(), 1002, `rsv ${rsv}, opcode ${code}`);
    }
});

void test("4, RFC 5.2: an opcode that means nothing ends it", async (t) => {
  for (const code of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    const feed = await open(t);
    feed.send(frame(code, "x"));
    assert.equal(await feed.closeCode(), 1002, `opcode ${code}`);
    await feed.end();
  }
});

void test("5, RFC 5.4: a message may come in parts, with control frames between them", async (t) => {
  const feed = await open(t);
  for (const parts of [1, 2, 3, 100]) {
    const { id, text } = question(2_000);
    const size = Math.ceil(text.length / parts);
    for (let i = 0; i < parts; ++i) {
      const code = i === 0 ? opcode.text : opcode.continuation;
      feed.send(frame(code, text.slice(i * size, (i + 1) * size), { fin: i === parts - 1 }));
      if (i % 3 === 0) feed.send(frame(opcode.ping, `between ${i}`));
    }
    await answered(feed, id);
  }
  const { id, text } = question(300);
  await feed.sendChopped(frame(opcode.text, text.slice(0, 100), { fin: false }));
  await feed.sendChopped(frame(opcode.continuation, "", { fin: false }));
  await feed.sendChopped(frame(opcode.continuation, text.slice(100)));
  await answered(feed, id);
});

void test("5, RFC 5.4, 5.5: parts in a wrong order end it", async (t) => {
  const wrong: Record<string, Buffer[]> = {
    "a continuation of nothing": [frame(opcode.continuation, "x")],
    "a first part without an end, of nothing": [frame(opcode.continuation, "x", { fin: false })],
    "a message within a message": [frame(opcode.text, "{", { fin: false }), frame(opcode.text, "}")],
    "a continuation after the end": [frame(opcode.text, "{}"), frame(opcode.continuation, "x")],
    "a ping in parts": [frame(opcode.ping, "x", { fin: false })],
    "a pong in parts": [frame(opcode.pong, "x", { fin: false })],
    "a close in parts": [frame(opcode.close, "", { fin: false })],
  };
  for (const [what, frames] of Object.entries(wrong)) {
    const feed = await open(t);
    feed.send(...frames);
    assert.equal(await feed.closeCode(), 1002, what);
    await feed.end();
  }
});

void test("6, RFC 8.1: text is UTF-8, also where parts cut a character in two", async (t) => {
  const feed = await open(t);
  for (const text of [
    "\u03ba\u1f79\u03c3\u03bc\u03b5",
    "\u{1f600}\u{10ffff}",
    "\ud7ff\ue000\ufffd\uffff",
    "\u0080\u07ff\u0800",
  ]) {
    const { id } = question();
    const bytes = Buffer.from(`{"type":"nothing","id":"${id}","input":{"x":"${text}"}}`);
    for (let cut = 0; cut < bytes.length; cut += 7)
      if (cut === 0) feed.send(frame(opcode.text, bytes.subarray(0, 7), { fin: false }));
      else feed.send(frame(opcode.continuation, bytes.subarray(cut, cut + 7), { fin: cut + 7 >= bytes.length }));
    await answered(feed, id);
  }
  const bad = ["ff", "c0af", "eda080", "f4908080", "80", "c3", "e282", "f8888080", "f0808080", "ceba00ff"];
  for (const hex of bad) {
    const other = await open(t);
    other.send(frame(opcode.text, Buffer.from(hex, "hex")));
    assert.equal(await other.closeCode(), 1007, hex);
    await other.end();
  }
  // As soon as it can be known: the message has not ended.
  const early = await open(t);
  early.send(frame(opcode.text, Buffer.from("cebaf490", "hex"), { fin: false }));
  assert.equal(await early.closeCode(), 1007);
});

void test("7, RFC 5.5.1, 7.4: a close is answered, with its code, and ends the connection", async (t) => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
    const feed = await open(t);
    feed.send(closeFrame(code, "done"), frame(opcode.ping, "too late"));
    assert.equal(await feed.closeCode(), code);
    await feed.end();
    assert(!feed.frames.some((each) => each.opcode === opcode.pong), "nothing follows a close");
  }
  const silent = await open(t);
  silent.send(closeFrame());
  assert([1000, 1005].includes(await silent.closeCode()), "a close without a code is an orderly one");
  const longest = await open(t);
  longest.send(closeFrame(1000, "r".repeat(123)));
  assert.equal(await longest.closeCode(), 1000);
});

void test("7, RFC 7.4.1, 7.4.2: a close that means nothing is an error", async (t) => {
  for (const code of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]) {
    const feed = await open(t);
    feed.send(closeFrame(code));
    assert.equal(await feed.closeCode(), 1002, `${code}`);
    await feed.end();
  }
  const half = await open(t);
  half.send(frame(opcode.close, "\x03"));
  assert.equal(await half.closeCode(), 1002);
  const noText = await open(t);
  noText.send(closeFrame(1000, Buffer.from("cebaff", "hex")));
  assert([1002, 1007].includes(await noText.closeCode()));
});

void test("9, 10, RFC 10.4: a message has a longest length, in one part or in many", async (t) => {
  for (const size of [64, 4_096, messageLimit]) {
    const feed = await open(t);
    const { id, text } = question(messageLimit);
    for (let at = 0; at < text.length; at += size)
      feed.send(
        frame(at === 0 ? opcode.text : opcode.continuation, text.slice(at, at + size), {
          fin: at + size >= text.length,
        }),
      );
    await answered(feed, id);
  }
  const tooLong = await open(t);
  tooLong.send(frame(opcode.text, Buffer.alloc(messageLimit + 1, 0x20)));
  assert.equal(await tooLong.closeCode(), 1009);
  const tooMany = await open(t);
  tooMany.send(frame(opcode.text, Buffer.alloc(messageLimit, 0x20), { fin: false }), frame(opcode.continuation, " "));
  assert.equal(await tooMany.closeCode(), 1009);
  for (const length of [1n << 40n, (1n << 63n) - 1n, 1n << 63n]) {
    const liar = await open(t);
    liar.send(frame(opcode.text, "x", { length }));
    assert([1002, 1009].includes(await liar.closeCode()), `${length}`);
  }
});

const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; client_max_window_bits=10";

/** A message as RFC 7692 section 7.2.1 packs it. */
function deflated(text: string): Buffer {
  const packed = deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH, windowBits: 10 });
  return packed.subarray(0, -4);
}

function textOf({ opcode: code, rsv, payload }: Frame): string {
  if (code !== opcode.text || rsv !== 4) return payload.toString();
  const tail = Buffer.from([0, 0, 0xff, 0xff]);
  return inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: zlib.Z_SYNC_FLUSH }).toString();
}

void test("12, 13, RFC 7692: packed messages are heard where that was agreed on", async (t) => {
  const feed = await open(t, deflating, [offer]);
  assert.match(feed.head, /Sec-WebSocket-Extensions: permessage-deflate/i);
  for (const bytes of [60, 1_000, 100_000]) {
    const { id, text } = question(bytes);
    feed.send(frame(opcode.text, deflated(text), { rsv: 4 }));
    await feed.until("it is answered", (each) => textOf(each).includes(`"id":"${id}"`));
  }
  feed.send(frame(opcode.ping, "not packed"));
  await feed.until("a pong", (each) => each.payload.toString() === "not packed");
  const bomb = await open(t, deflating, [offer]);
  bomb.send(frame(opcode.text, deflated(" ".repeat(100 * messageLimit)), { rsv: 4 }));
  assert.equal(await bomb.closeCode(), 1009, "what it unpacks to counts");
  const control = await open(t, deflating, [offer]);
  control.send(frame(opcode.ping, "", { rsv: 4 }));
  assert.equal(await control.closeCode(), 1002);
  for (const hex of ["ff", "ffffffffffff", "0700", "deadbeefdeadbeef"]) {
    const garbage = await open(t, deflating, [offer]);
    garbage.send(frame(opcode.text, Buffer.from(hex, "hex"), { rsv: 4 }));
    garbage.send(frame(opcode.text, "{}"));
    const code = await garbage.closeCode();
    assert(code === 0 || code === 1002 || code === 1007, `${hex}: ${code}`);
  }
});

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Some bytes: mostly a frame that is nearly right. */
function someBytes(random: (below: number) => number): Buffer {
  const payload = Buffer.from(Array.from({ length: [0, 1, 7, 125, 126, 700][random(6)] ?? 0 }, () => random(256)));
  if (random(8) === 0) return payload;
  const text = random(2) === 0 ? payload : Buffer.from(question(random(400)).text);
  const shape = { fin: random(4) > 0, rsv: random(6) === 0 ? random(8) : 0, masked: random(12) > 0 };
  const codes = [opcode.text, opcode.text, opcode.continuation, opcode.ping, opcode.pong, opcode.close, random(16)];
  const whole = frame(codes[random(codes.length)] ?? 0, text, { ...shape, mask: random(256) });
  if (random(10) === 0) whole[random(Math.min(whole.length, 14))] = random(256);
  return random(10) === 0 ? whole.subarray(0, random(whole.length + 1)) : whole;
}

void test("whatever a client sends, the server says well-formed frames, ends it or goes on, and serves others", async (t) => {
  const seed = Number(process.env["CODI_SEED"] ?? Date.now() % 1_000_000);
  t.diagnostic(`CODI_SEED=${seed}`);
  const random = randomOf(seed);
  const witness = await open(t);
  for (const side of [server, deflating])
    for (let round = 0; round < 100; ++round) {
      const feed = await open(undefined, side, side === deflating ? [offer] : []);
      const pieces = Array.from({ length: 1 + random(12) }, () => someBytes(random));
      for (const piece of pieces) {
        if (random(3) === 0 && piece.length < 200) await feed.sendChopped(piece);
        else feed.send(piece);
      }
      if (random(2) === 0) feed.send(closeFrame(1000));
      if (random(4) === 0) feed.destroy();
      await eventually(
        "it has ended, or says nothing more",
        () => (feed.ended || feed.isBetweenFrames ? true : undefined),
        10_000,
      );
      const closes = feed.frames.findIndex((each) => each.opcode === opcode.close);
      for (const [i, each] of feed.frames.entries()) {
        const known = [opcode.text, opcode.ping, opcode.pong, opcode.close].some((code) => code === each.opcode);
        assert(known && each.fin && !each.masked, `seed ${seed}, round ${round}: ${JSON.stringify(each)}`);
        assert(each.rsv === 0 || (each.rsv === 4 && side === deflating && each.opcode === opcode.text));
        assert(each.opcode < 8 || each.payload.length <= 125);
        assert(closes < 0 || i <= closes, "nothing follows a close");
      }
      feed.destroy();
    }
  await stillThere(witness);
  for (const each of [server, deflating])
    assert(!each.log.includes(`"level":"error"`), /.*"level":"error".*/.exec(each.log)?.[0] ?? "");
});
