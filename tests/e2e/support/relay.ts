import { createServer, type AddressInfo, connect, type Server as NetServer, type Socket } from "node:net";

/** A TCP relay before a server: connections through it can be cut, and the server behind it can be another one. */
export class Relay {
  /** Where it passes connections on to, `host:port`; while there is nothing, they end at once. */
  target = "";
  cuts = 0;
  private readonly listener: NetServer;
  private readonly pairs = new Set<[Socket, Socket]>();

  private constructor(listener: NetServer) {
    this.listener = listener;
    listener.on("connection", (client: Socket) => {
      this.pass(client);
    });
  }

  static async start(): Promise<Relay> {
    const listener = createServer({ noDelay: true });
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    return new Relay(listener);
  }

  get address(): string {
    return `127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  private pass(client: Socket): void {
    const { hostname, port } = new URL(`http://${this.target || "127.0.0.1:1"}`);
    const server = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.pipe(to);
      from.on("error", () => undefined);
      from.on("close", () => {
        to.destroySoon();
        this.pairs.delete(pair);
      });
    }
  }

  /** Ends every connection, in the middle of whatever it carries: by a reset, or as if the peer had closed it. */
  cut(byReset: boolean): void {
    for (const [client, server] of this.pairs) {
      this.cuts += 1;
      client.unpipe();
      server.unpipe();
      if (byReset) client.resetAndDestroy();
      else client.destroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  /** Ends every connection after some bytes more, so that a frame is cut in two. */
  cutWithin(bytes: number): void {
    for (const [client, server] of this.pairs) {
      server.unpipe(client);
      server.once("data", (data: Buffer) => {
        this.cuts += 1;
        client.end(data.subarray(0, bytes));
        server.destroy();
      });
      server.resume();
    }
  }

  close(): void {
    this.cut(true);
    this.listener.close();
  }
}
