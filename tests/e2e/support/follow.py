"""follow.py: follows a feed with Debian's python3-websockets as its standard input says (a JSON object with urls, token and after),
and goes on behind the last cursor whenever a connection ends. Prints a line of JSON for each event, and {"lost": CODE}
for each end of a connection."""
import asyncio
import json
import sys

import websockets


def say(value):
    print(json.dumps(value), flush=True)


async def follow(urls, token, after):
    turn = 0
    while True:
        url = urls[turn % len(urls)]
        turn += 1
        code = 1006
        try:
            async with websockets.connect(f"{url}?after={after}", subprotocols=["codi.v1", f"codi.bearer.{token}"]) as feed:
                async for text in feed:
                    frame = json.loads(text)
                    if frame["type"] == "event":
                        after = frame["cursor"]
                        say({"cursor": after, "event": frame["event"]})
                code = feed.close_code
        except websockets.ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd else 1006
        except (OSError, EOFError, asyncio.TimeoutError, websockets.InvalidHandshake, websockets.InvalidMessage):
            pass
        say({"lost": code})
        await asyncio.sleep(0.05)


asyncio.run(follow(**json.loads(sys.stdin.readline())))
