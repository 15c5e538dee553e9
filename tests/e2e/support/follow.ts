/** An event as a follower got it. */
export interface Followed {
  cursor: string;
  event: unknown;
}

export interface FollowOptions {
  /** Addresses of the feed without a query, asked in turn: the next one after each lost connection. */
  urls: string[];
  token: string;
  after: string;
  /** Called for each event, in the order that they come. */
  got: (followed: Followed) => void;
  /** Called for each end of a connection. */
  lost: (code: number) => void;
}

/**
 * Follows a feed as a page would: shows its token among the subprotocols, keeps the last cursor, and goes on behind it
 * whenever a connection ends. Gives a function that stops it.
 *
 * It names nothing from outside of itself: its own text runs in a browser.
 */
export function follow(options: FollowOptions, Socket: typeof WebSocket): () => void {
  let cursor = options.after;
  let turn = 0;
  let stopped = false;
  let socket: WebSocket | undefined;
  const connect = () => {
    const url = options.urls[turn % options.urls.length] ?? "";
    turn += 1;
    socket = new Socket(`${url}?after=${cursor}`, ["codi.v1", `codi.bearer.${options.token}`]);
    socket.addEventListener("message", (message) => {
      const frame = JSON.parse(message.data as string) as { type: string; cursor: string; event: unknown };
      if (frame.type !== "event") return;
      cursor = frame.cursor;
      options.got({ cursor, event: frame.event });
    });
    socket.addEventListener("error", () => undefined); // a close follows it
    socket.addEventListener("close", (end) => {
      options.lost(end.code);
      if (!stopped) setTimeout(connect, 50);
    });
  };
  connect();
  return () => {
    stopped = true;
    socket?.close();
  };
}
