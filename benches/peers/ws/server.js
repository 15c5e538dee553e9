// One message to many as one would write it with `ws`: what a client says goes to everyone who follows, as it is. No
// compression; the bytes are made once. It checks a bearer token at the upgrade, and keeps nothing.
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

const [port, token] = process.argv.slice(2);
const followers = new Set();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer((_, answer) => answer.end());

server.on("upgrade", (request, socket, head) => {
  if (request.headers.authorization !== `Bearer ${token}`) {
    socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
    return;
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on("error", () => client.terminate());
    if (request.url === "/publish") {
      client.on("message", (message) => {
        for (const follower of followers) follower.send(message, { binary: false });
      });
      return;
    }
    followers.add(client);
    client.on("close", () => followers.delete(client));
  });
});
server.listen(Number(port), "127.0.0.1");
