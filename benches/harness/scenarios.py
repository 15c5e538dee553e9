"""What is measured. Each function gives its figures; a fresh server and store for each run, subjects taking turns."""
import contextlib
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import peers
from .codi import TOKENS, Codi
from .load import authorized, drive, median, step
from .process import CORES

CLIENTS = [1, 8, 64]
GET_CLIENTS = 64
EVENTS = 100_000
EVENTS_PAGE = 500
SESSIONS = 10_000
CLAIMS_PER_SESSION = 10
START_RUNS = 5
IDLE_SECONDS = 3
ANY_CORE = ["taskset", "-c", ",".join(map(str, CORES))]  # as a server runs that nobody pins
CALM_CLIENTS = 4
CALM_FLOWS_PER_SECOND = 100
CLAIM = step("claim", "POST", "/v1/projects/default/claims", (201,), body={"session": "${session}", "targets": ["bench/${client}/${n}"]}, capture={"claim": '"id":"'})
# Beside what `claim_many` claims, with patterns that meet none of it; the last reads every claim in a package.
SCALE_TARGETS = {
    "file": "packages/p7/m7/bench${n}.rs",
    "directory": "packages/p7/m7/bench${n}/",
    "pattern": "packages/p7/m7/bench${n}/**/*.rs",
    "worst": "packages/p7/m*/*-${n}.c",
}
APPEND = step("append", "POST", "/v1/projects/default/events", (201,), body={"session": "${session}", "action": "PROGRESS", "text": "step ${n} of the work is done", "paths": ["src/api/users.rs"], "data": {"progress": 50}})
RELEASE = step("release", "POST", "/v1/projects/default/claims/${claim}/release")


class Bench:
    """The programs, the folder to work in, and how long to measure."""

    def __init__(self, build, work, etcd_client, lengths, say):
        self.codi, self.loader, self.etcd_client = build / "codi", build / "codi_load", etcd_client
        self.feed_loader = build / "codi_feed_load"
        self.work, self.say = work, say
        self.runs, self.seconds, self.warmup = lengths["runs"], lengths["seconds"], lengths["warmup"]
        self.mixed_seconds, self.scale, self.list_rows = lengths["mixed_seconds"], lengths["scale"], lengths["list_rows"]

    @contextlib.contextmanager
    def folder(self):
        path = Path(tempfile.mkdtemp(dir=self.work))
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def timed(self, clients):
        return {"clients": clients, "seconds": self.seconds, "warmup_seconds": self.warmup}

    def timed_events(self):
        return {"seconds": self.seconds, "warmup_seconds": self.warmup}

    def medians(self, subjects):
        """Runs each subject in turn, several times; gives the median of each."""
        results = {name: [] for name in subjects}
        for i in range(self.runs):
            for name, measure in subjects.items():
                with self.folder() as folder:
                    results[name].append(measure(folder))
                self.say(f"{name}, run {i + 1} of {self.runs}")
        return {name: median(each) for name, each in results.items()}


def get_session(bench):
    """(a) GET of one session against nginx answering as many bytes; with a log of each request, and without."""
    size = {}

    def codi(folder, *arguments):
        with Codi(bench.codi, folder, arguments) as server:
            session = server.start_session("BENCH-SESSION-0")
            plan = {**bench.timed(GET_CLIENTS), **authorized(server.make_tokens())}
            plan["flows"] = [{"steps": [step("get", "GET", f"/v1/projects/default/sessions/{session}")]}]
            server.connection.request("GET", f"/v1/projects/default/sessions/{session}", headers={"Authorization": f"Bearer {server.owner}"})
            size["body"] = len(server.connection.getresponse().read())
            return drive(bench.loader, server, plan)

    def nginx(folder, logs):
        with peers.nginx(folder, "x" * size["body"], logs) as server:
            plan = {**bench.timed(GET_CLIENTS), **authorized(["x" * 49] * TOKENS), "flows": [{"steps": [step("get", "GET", "/")]}]}
            return drive(bench.loader, server, plan)

    subjects = {
        "codi": codi,
        "nginx": lambda folder: nginx(folder, True),
        "codi without a log of requests": lambda folder: codi(folder, "--log-level", "warn"),
        "nginx without a log of requests": lambda folder: nginx(folder, False),
    }
    return {"body_bytes": size, **bench.medians(subjects)}


def claims(bench):
    """(b) Durable claim and release."""

    def codi(folder, clients):
        with Codi(bench.codi, folder) as server:
            return drive(bench.loader, server, {**bench.timed(clients), **at_work(server), "flows": [{"steps": [CLAIM, RELEASE]}]})

    def sqlite(folder, clients):
        tokens = [f"bench-token-{i}" for i in range(TOKENS)]
        with peers.sqlite(folder, tokens) as server:
            plan = {**bench.timed(clients), **authorized(tokens)}
            claim = step("claim", "POST", "/claims", (201,), body={"session": "session-${client}", "path": "bench/${client}/${n}"}, capture={"claim": '"id":"'})
            return drive(bench.loader, server, {**plan, "flows": [{"steps": [claim, step("release", "POST", "/claims/${claim}/release")]}]})

    def etcd(folder, clients):
        with peers.etcd(folder) as server:
            return peers.drive_etcd(bench.etcd_client, server, clients, bench.warmup, bench.seconds)

    def limit(folder, clients):
        return peers.db_bench(folder, clients, bench.seconds, value_bytes=bytes_of_claim[0])

    with bench.folder() as folder:
        bytes_of_claim = [claim_bytes(bench, folder)]
    subjects = {}
    for clients in CLIENTS:
        for name, measure in {"codi": codi, "etcd": etcd, "sqlite": sqlite, "db_bench": limit}.items():
            subjects[f"{name} {clients}"] = lambda folder, measure=measure, clients=clients: measure(folder, clients)
    return {"bytes_of_claim": bytes_of_claim[0], **bench.medians(subjects)}


def neighbours(bench):
    """(d) What a tenant that works calmly notices of one that sends whatever the server takes."""

    def calm(folder, loaded):
        with Codi(bench.codi, folder, before=ANY_CORE) as server, ThreadPoolExecutor() as pool:
            steps = {"flows": [{"steps": [CLAIM, RELEASE]}]}
            plan = {**bench.timed(CALM_CLIENTS), **at_work(server, server.make_tenant()), **steps, "flows_per_second": CALM_FLOWS_PER_SECOND}
            if loaded:
                flood = {**bench.timed(GET_CLIENTS), **at_work(server), **steps}
                flood["seconds"] += 2 * bench.warmup  # it begins earlier and ends later
                flooding = pool.submit(drive, bench.loader, server, flood)
                time.sleep(bench.warmup)
            result = drive(bench.loader, server, plan)
            if loaded:
                result["flood"] = flooding.result()["all"]
            return result

    return bench.medians({"alone": lambda folder: calm(folder, False), "beside a loaded one": lambda folder: calm(folder, True)})


def scale(bench):
    """(e) What a claim, a check and a release cost beside few live claims and beside very many."""
    return {str(count): scale_at(bench, count) for count in bench.scale}


def scale_at(bench, count):
    with bench.folder() as folder, Codi(bench.codi, folder) as server:
        claim_many(server, count)
        come_to_rest(server)
        bench.say(f"{count} claims made")
        out = {}
        plan = at_work(server)
        for kind, target in SCALE_TARGETS.items():
            claim = step("claim", "POST", "/v1/projects/default/claims", (201,), body={"session": "${session}", "targets": [target]}, capture={"claim": '"id":"'})
            check = step("check", "POST", "/v1/projects/default/claims/check", body={"targets": [target]})
            result = drive(bench.loader, server, {**bench.timed(1), **plan, "flows": [{"steps": [check, claim, RELEASE]}]})
            out[kind] = {name: one["p50_us"] for name, one in result["steps"].items()}
        bench.say(f"claimed beside {count}")
        return out


def claim_many(server, count):
    """A monorepo's worth of claims, a thousand a request: files, directories and patterns in many packages."""
    per_session, batch = 10_000, 1_000
    for begin in range(0, count, batch):
        if begin % per_session == 0:
            session = server.start_session(f"FILL-{begin // per_session}")
        server.call("POST", "/projects/default/claims", {"session": session, "ttl_seconds": 86_400, "targets": [filled_target(i) for i in range(begin, begin + batch)]})


def come_to_rest(server):
    """Until the store has written and merged what it was given."""
    while True:
        before = server.cpu_seconds()
        time.sleep(1)
        if server.cpu_seconds() - before < 0.05:
            return


def filled_target(i):
    package = f"packages/p{i % 997}/m{i // 997 % 31}"
    if i % 20 == 0:
        return f"{package}/docs{i}/*.md"
    return f"{package}/gen{i}/" if i % 10 == 1 else f"{package}/file{i}.rs"


def claim_bytes(bench, folder):
    """What one claim or release adds to the store's log."""
    pairs = 500
    with Codi(bench.codi, folder) as server:
        plan = {"runs": pairs, **at_work(server)}
        log = max(server.store.glob("*.log"))
        before = log.stat().st_size
        drive(bench.loader, server, {**plan, "flows": [{"steps": [CLAIM, RELEASE]}]})
        return round((log.stat().st_size - before) / (2 * pairs))


def log(bench):
    """(c) Appending to the log, and reading a long one."""

    def append(folder, clients):
        with Codi(bench.codi, folder) as server:
            return drive(bench.loader, server, {**bench.timed(clients), **appending(server)})

    subjects = {f"append {clients}": lambda folder, clients=clients: append(folder, clients) for clients in CLIENTS}
    out = bench.medians(subjects)
    with bench.folder() as folder, Codi(bench.codi, folder) as server:
        drive(bench.loader, server, {"clients": GET_CLIENTS, "runs": -(-EVENTS // GET_CLIENTS), **appending(server)})
        bench.say(f"{EVENTS} events written")
        page = step("page", "GET", f"/v1/projects/default/events?limit={EVENTS_PAGE}&after=${{next}}", capture={"next": '"next":"'})
        plan = {"runs": EVENTS // EVENTS_PAGE, "headers": {"Authorization": f"Bearer {server.owner}"}, "of_client": {"next": ["0" * 32]}, "flows": [{"steps": [page]}]}
        out["read"] = median([drive(bench.loader, server, plan) for _ in range(bench.runs)])
    bench.say(f"{EVENTS} events read, {bench.runs} times")
    return out


def at_work(server, owner=None):
    """Tokens with a session that each has started."""
    plan = authorized(server.make_tokens(owner))
    plan["in_turn"]["session"] = server.start_sessions(plan["in_turn"]["token"])
    return plan


def appending(server):
    return {**at_work(server), "flows": [{"steps": [APPEND]}]}


def start_and_memory(bench):
    """(d) How long a start takes, and what memory is used idle and with much in the store."""
    starts = {"first": [], "again": []}
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(bench.folder()) for _ in range(START_RUNS)]
        for kind, times in starts.items():
            for folder in folders:
                with Codi(bench.codi, folder) as server:
                    times.append(server.start_seconds)
                    if kind == "again" and folder is folders[-1]:
                        time.sleep(IDLE_SECONDS)
                        idle = server.resident_bytes()
    bench.say("starts and idle memory")
    with bench.folder() as folder:
        with Codi(bench.codi, folder) as server:
            fill(bench, server)
            time.sleep(IDLE_SECONDS)
            full = server.resident_bytes()
        with Codi(bench.codi, folder) as server:
            start_full = server.start_seconds
            time.sleep(IDLE_SECONDS)
            full_again = server.resident_bytes()
    bench.say(f"memory with {SESSIONS} sessions and {SESSIONS * CLAIMS_PER_SESSION} claims")
    return {
        "start_first_seconds": median(starts["first"]),
        "start_seconds": median(starts["again"]),
        "start_full_seconds": start_full,
        "idle_bytes": idle,
        "full_bytes": full,
        "full_after_restart_bytes": full_again,
    }


def fill(bench, server):
    """10,000 sessions with ten claims each."""
    start = step("start", "POST", "/v1/projects/default/sessions", (201,), body={"alias": "FULL-${client}-${n}"}, capture={"session": '{"id":"'})
    targets = [f"src/${{client}}/${{n}}/{i}.cpp" for i in range(CLAIMS_PER_SESSION)]
    claim = step("claim", "POST", "/v1/projects/default/claims", (201,), body={"session": "${session}", "targets": targets})
    clients = 50
    drive(bench.loader, server, {"clients": clients, "runs": SESSIONS // clients, **authorized(server.make_tokens()), "flows": [{"steps": [start, claim]}]})
