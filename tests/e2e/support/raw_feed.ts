import { connect, type Socket } from "node:net";
import { eventually } from "./process.ts";

/** A frame of RFC 6455 section 5.2. */
export interface Frame {
  fin: boolean;
  rsv: number;
  opcode: number;
  masked: boolean;
  payload: Buffer;
}

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameShape {
  fin?: boolean;
  rsv?: number;
  masked?: boolean;
  /** Of the mask; its bytes are all this. */
  mask?: number;
  /** What the header says, when it lies. */
  length?: bigint;
}

/** The bytes of a frame, well-formed unless its shape says otherwise. */
export function frame(code: number, payload: Buffer | string = "", shape: FrameShape = {}): Buffer {
  const { fin = true, rsv = 0, masked = true, mask = 0x5a } = shape;
  const bytes = Buffer.from(payload);
  const size = shape.length ?? BigInt(bytes.length);
  const header = [(fin ? 0x80 : 0) | (rsv << 4) | code];
  const bit = masked ? 0x80 : 0;
  const long = Buffer.alloc(8);
  long.writeBigUInt64BE(size);
  if (size < 126n) header.push(bit | Number(size));
  else if (size < 65_536n) header.push(bit | 126, ...long.subarray(6));
  else header.push(bit | 127, ...long);
  if (masked) header.push(mask, mask, mask, mask);
  return Buffer.concat([Buffer.from(header), masked ? bytes.map((byte) => byte ^ mask) : bytes]);
}

export function closeFrame(code?: number, reason: Buffer | string = ""): Buffer {
  if (code === undefined) return frame(opcode.close);
  const start = Buffer.alloc(2);
  start.writeUInt16BE(code);
  return frame(opcode.close, Buffer.concat([start, Buffer.from(reason)]));
}

/** A feed over a bare socket: sends any bytes, and reads what comes as frames. */
export class RawFeed {
  readonly frames: Frame[] = [];
  /** The answer to the upgrade, up to its empty line. */
  head = "";
  ended = false;
  private rest = Buffer.alloc(0);
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.take(bytes);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => (this.ended = true));
  }

  static async open(url: string, token: string, fields: string[] = []): Promise<RawFeed> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const feed = new RawFeed(socket);
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      "Host: localhost",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      `Authorization: Bearer ${token}`,
      ...fields,
    ];
    socket.write(lines.join("\r\n") + "\r\n\r\n");
    await eventually("the upgrade is answered", () => (feed.head !== "" || feed.ended ? true : undefined));
    return feed;
  }

  private take(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    if (this.head === "") {
      const end = this.rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.rest.subarray(0, end).toString();
      this.rest = this.rest.subarray(end + 4);
    }
    while (this.takeFrame());
  }

  private takeFrame(): boolean {
    const [first, second] = this.rest;
    if (first === undefined || second === undefined) return false;
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.rest.length < 2 + extended) return false;
    const length =
      extended === 0 ? short : extended === 2 ? this.rest.readUInt16BE(2) : Number(this.rest.readBigUInt64BE(2));
    const whole = 2 + extended + length;
    if (this.rest.length < whole) return false;
    this.frames.push({
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0xf,
      masked: (second & 0x80) !== 0,
      payload: this.rest.subarray(2 + extended, whole),
    });
    this.rest = this.rest.subarray(whole);
    return true;
  }

  /** Nothing of a frame has come that is not whole. */
  get isBetweenFrames(): boolean {
    return this.rest.length === 0;
  }

  send(...bytes: Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Byte by byte, each in a packet of its own as far as the system lets. */
  async sendChopped(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The first frame, of those that have come and will, for which this holds; those before it are gone. */
  async until(what: string, holds: (frame: Frame) => boolean): Promise<Frame> {
    return eventually(what, () => {
      for (let next = this.frames.shift(); next; next = this.frames.shift()) if (holds(next)) return next;
      if (this.ended) throw new Error(`the connection has ended before: ${what}`);
      return undefined;
    });
  }

  /** The code that the server closes with; 0 when it ends the connection without one. 1005: a close without a code. */
  async closeCode(): Promise<number> {
    return eventually("the connection is closed", () => {
      const close = this.frames.find((each) => each.opcode === opcode.close);
      if (close) return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
      return this.ended ? 0 : undefined;
    });
  }

  /** Until the server has ended the connection. */
  async end(): Promise<void> {
    await eventually("the connection ends", () => (this.ended ? true : undefined));
  }

  destroy(): void {
    this.socket.destroy();
  }
}
