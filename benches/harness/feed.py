"""The live feed: one event to many who follow, beside NATS and `ws`; idle connections; catching up from the log."""
import json
import resource
import subprocess
import time

from . import peers
from .codi import Codi
from .load import drive, median
from .process import LOADER_CORE, BenchError, pinned, run
from .scenarios import APPEND, GET_CLIENTS, at_work

EVENTS_PER_SECOND = {100: 200, 1_000: 200, 5_000: 20}  # by how many follow
FAN_OUT = 1_000
IDLE = [1_000, 10_000]
IDLE_SECONDS = 5
CAUGHT_UP = 50_000  # events of the log that is read from its begin
READERS = [1, 10]
TOKEN = "a-token-of-the-bench-as-long-as-one-of-codi-would-be"
MARK = "@@" + 19 * "0"  # the loader's place for the time
TEXT = f"{MARK} a step of the work is done"
EVENT = {"action": "PROGRESS", "text": TEXT, "paths": ["src/api/users.rs"], "data": {"progress": 50}}


def upgrade(path, token):
    fields = ["Host: bench", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Authorization: Bearer {token}"]
    return f"GET {path} HTTP/1.1\r\n" + "".join(field + "\r\n" for field in fields) + "\r\n"


def upgrades(server, query=""):
    """Of followers: a token may make 1,000 requests a second, so they show several."""
    return [upgrade(f"/v1/projects/default/feed{query}", token) for token in server.make_tokens()]


def fan_out(bench, server, plan):
    """Carries a plan out; adds what it cost the server."""
    before = server.cpu_seconds()
    result = json.loads(run([bench.feed_loader], input=json.dumps({"host": "127.0.0.1", "port": server.port, **plan}) + "\n"))
    result["cpu_seconds"] = server.cpu_seconds() - before
    result["delivered_per_cpu_second"] = result["delivered"] / max(result["cpu_seconds"], 0.01)
    result["delivered_per_second"] = result["delivered"] / result["took_seconds"]
    return result


def in_place(text):
    return text.replace(MARK, "${at}")


def of_codi(bench, folder, plan):
    with Codi(bench.codi, folder) as server:
        session = server.start_session("BENCH-SESSION-0")
        message = json.dumps({"type": "log", "input": {"session": session, **EVENT}})
        followed = {"greetings": upgrades(server, "?action=PROGRESS&presence=false")}
        published = {"publisher_greeting": upgrade("/v1/projects/default/feed?action=NONE&presence=false", server.owner), "publishers": 8}
        return fan_out(bench, server, {**plan, **followed, **published, "message": in_place(message)})


def of_ws(bench, folder, plan, frame):
    with peers.ws(folder, TOKEN) as server:
        greetings = {"greetings": [upgrade("/feed", TOKEN)], "publisher_greeting": upgrade("/publish", TOKEN)}
        return fan_out(bench, server, {**plan, **greetings, "message": frame})


def of_nats(bench, folder, plan, frame):
    connect = f'CONNECT {{"verbose":false,"pedantic":false,"auth_token":"{TOKEN}"}}\r\n'
    with peers.nats(folder, TOKEN) as server:
        greetings = {"wire": "nats", "greetings": [connect + "SUB codi 1\r\nPING\r\n"], "publisher_greeting": connect + "PING\r\n"}
        return fan_out(bench, server, {**plan, **greetings, "message": frame})


def frame_of(bench):
    """The very bytes that codi sends for the event, for the others to send."""
    with bench.folder() as folder, Codi(bench.codi, folder) as server:
        session = server.start_session("BENCH-SESSION-0")
        event = server.call("POST", "/projects/default/events", {"session": session, **EVENT})
    frame = {"type": "event", "cursor": event["cursor"], "event": event}
    return in_place(json.dumps(frame, separators=(",", ":")))


def delivered(bench):
    """Latency at a fixed rate, and as much as goes."""
    frame = frame_of(bench)
    kinds = {
        "codi": lambda folder, plan: of_codi(bench, folder, plan),
        "ws": lambda folder, plan: of_ws(bench, folder, plan, frame),
        "NATS": lambda folder, plan: of_nats(bench, folder, plan, frame),
    }
    plans = {f"{count}": {**bench.timed_events(), "subscribers": count, "events_per_second": rate} for count, rate in EVENTS_PER_SECOND.items()}
    plans["as much as goes"] = {**bench.timed_events(), "subscribers": FAN_OUT}
    subjects = {}
    for at, plan in plans.items():
        for name, measure in kinds.items():
            subjects[f"{name} {at}"] = lambda folder, measure=measure, plan=plan: measure(folder, plan)
    return {"frame_bytes": len(frame) - len("${at}") + len(MARK), **bench.medians(subjects)}


def idle(bench):
    """Resident memory with connections on which nothing happens, each a feed of one project."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    out = {}
    for count in IDLE:
        with bench.folder() as folder, Codi(bench.codi, folder) as server:
            greetings = upgrades(server)
            warm(bench, server, greetings)
            before = server.resident_bytes()
            with Held(bench, server, greetings, count):
                out[str(count)] = {"before": before, "bytes": server.resident_bytes()}
    return out


def warm(bench, server, greetings):
    """What is allocated once, at the first connections."""
    with Held(bench, server, greetings, 100):
        pass


class Held:
    """Connections that are open while the context lasts."""

    def __init__(self, bench, server, greetings, count):
        self.plan = {"host": "127.0.0.1", "port": server.port, "subscribers": count, "hold": True, "greetings": greetings}
        self.command = pinned([bench.feed_loader], LOADER_CORE)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(self.plan) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "connected":
            raise BenchError(f"not all connections were made: {self.process.stderr.read()}")
        time.sleep(IDLE_SECONDS)

    def __exit__(self, kind, *_):
        _, said = self.process.communicate()
        if self.process.returncode != 0 and kind is None:
            raise BenchError(f"not all connections stayed open: {said}")


def catching_up(bench):
    with bench.folder() as folder, Codi(bench.codi, folder) as server:
        append = {"flows": [{"steps": [APPEND]}]}
        drive(bench.loader, server, {"clients": GET_CLIENTS, "runs": -(-CAUGHT_UP // GET_CLIENTS), **at_work(server), **append})
        greetings = upgrades(server, f"?action=PROGRESS&presence=false&after={32 * '0'}")
        plans = {str(readers): {"subscribers": readers, "expect": CAUGHT_UP, "greetings": greetings} for readers in READERS}
        return {readers: median([fan_out(bench, server, plan) for _ in range(bench.runs)]) for readers, plan in plans.items()}


def feed(bench):
    out = {"delivered": delivered(bench)}
    out["idle"] = idle(bench)
    bench.say("idle connections")
    out["caught_up"] = catching_up(bench)
    bench.say("catching up")
    return out
