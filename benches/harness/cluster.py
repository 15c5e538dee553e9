"""(f) codi on FoundationDB: against a bare client that reads and writes as much, with one server and with three, against RocksDB. Only
where FoundationDB is installed: fdbserver and fdbcli on PATH or in CODI_FDB_BIN, libfdb_c.so where the loader looks or in CODI_FDB_LIB."""
import contextlib
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from .codi import Codi
from .load import drive
from .process import CORES, Server, free_port, run
from .scenarios import APPEND, CLAIM, EVENTS_PAGE, GET_CLIENTS, RELEASE

CLIENTS = [1, 8, 64, 256]
ALL_CORES = ",".join(map(str, CORES))
CALIBRATION_PAIRS = 300
STATUS_SECONDS = 6
SERVERS = 3
LIST_SESSIONS = 4
CLAIMS_AT_ONCE = 250
LIST_SECONDS = 10
ROUNDS = {"pair": 6, "append": 5}  # in which codi reads: what it can ask for at once, it does
ONE_CALLER_EACH = ["--rate-caller", "100000"]  # a client has one token here, which would be refused above 1,000 requests a second


def programs():
    """Paths of fdbserver and fdbcli, and of the library (nothing: the loader's); None where FoundationDB is not installed."""
    named = os.environ.get("CODI_FDB_BIN")
    folder = (named if os.path.isdir(named) else os.path.dirname(named)) if named else None
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PATH"), "/usr/sbin", "/usr/local/sbin"]))
    found = [shutil.which(name, path=path) for name in ["fdbserver", "fdbcli"]]
    return None if None in found else (*found, os.environ.get("CODI_FDB_LIB", "libfdb_c.so"))


class Cluster(Server):
    """A process of its own, on disk."""

    def __init__(self, folder):
        self.fdbserver, self.fdbcli, self.library = programs()
        port = free_port()
        self.file = folder / "fdb.cluster"
        self.file.write_text(f"codi:bench@127.0.0.1:{port}\n")
        (folder / "fdb").mkdir()
        command = [self.fdbserver, "--cluster-file", self.file, "--public-address", f"127.0.0.1:{port}", "--datadir", folder / "fdb", "--logdir", folder / "fdb"]
        super().__init__("fdbserver", command, port, folder, core=ALL_CORES)

    def __enter__(self):
        super().__enter__()
        self.cli("configure new single ssd")
        return self

    def cli(self, command):
        return run([self.fdbcli, "-C", self.file, "--timeout", "30", "--exec", command])

    def operations(self):
        """Reads and writes that the cluster has carried out so far."""
        text = self.cli("status json")
        operations = json.loads(text[text.index("{"):])["cluster"]["workload"]["operations"]
        return {kind: operations[kind]["counter"] for kind in ["reads", "writes"]}


class ClusterCodi(Codi):
    """A server on a cluster, on whatever cores are free: its share of them is what is measured."""

    def __init__(self, program, folder, cluster):
        self.bootstrap_file = folder / "bootstrap.json"
        super().__init__(program, folder, [*ONE_CALLER_EACH, "--fdb-lib", cluster.library, "--bootstrap-file", self.bootstrap_file], store=f"fdb:{cluster.file}")
        self.core = ALL_CORES

    def bootstrap_path(self):
        return self.bootstrap_file


def own_sessions(server, clients):
    """A token and a session for each client. Transactions of one session at the same time conflict, and agents make none."""
    tokens = server.make_tokens(count=clients)
    return {"headers": {"Authorization": "Bearer ${token}"}, "of_client": {"token": tokens, "session": server.start_sessions(tokens)}}


def pair(server, clients):
    return {**own_sessions(server, clients), "flows": [{"steps": [CLAIM, RELEASE]}]}


def append(server, clients):
    return {**own_sessions(server, clients), "flows": [{"steps": [APPEND]}]}


def own_paths(flows, mark):
    """The same flows on paths that no other loader claims."""
    return json.loads(json.dumps(flows).replace("bench/", f"bench-{mark}/"))


def cost(bench, fdb, server, plan, steps):
    """Reads and writes of one transaction. What a cluster tells of itself is some seconds old."""
    time.sleep(STATUS_SECONDS)
    before = fdb.operations()
    drive(bench.loader, server, {"clients": 1, "runs": CALIBRATION_PAIRS, **plan})
    time.sleep(STATUS_SECONDS)
    after = fdb.operations()
    return {kind: max(1, round((after[kind] - before[kind]) / (CALIBRATION_PAIRS * steps))) for kind in after}


def walk(server, path):
    """Reads a list to its end: items, pages, seconds, and those of the slowest page."""
    items, times, after = 0, [], None
    while True:
        began = time.monotonic()
        page = server.call("GET", f"/projects/default/{path}limit={EVENTS_PAGE}" + (f"&after={after}" if after else ""))
        times.append(time.monotonic() - began)
        items, after = items + len(page["items"]), page["next"]
        if not after or not page["items"]:
            return {"items": items, "pages": len(times), "seconds": sum(times), "slowest_seconds": max(times)}


def lists(bench):
    """Long lists, each page a transaction of its own, while others write."""
    with bench.folder() as folder, Cluster(folder) as fdb, ClusterCodi(bench.codi, folder, fdb) as server:
        log = append(server, GET_CLIENTS)
        drive(bench.loader, server, {"clients": GET_CLIENTS, "runs": -(-bench.list_rows // GET_CLIENTS), **log})
        sessions = [server.start_session(f"LIST-{i}") for i in range(LIST_SESSIONS)]
        for session in sessions:
            for begin in range(0, bench.list_rows // 10 // LIST_SESSIONS, CLAIMS_AT_ONCE):
                targets = [f"src/{session}/{begin + i}.cpp" for i in range(CLAIMS_AT_ONCE)]
                server.call("POST", "/projects/default/claims", {"session": session, "targets": targets})
        bench.say("long lists written to the cluster")
        writing = {"clients": 4, "seconds": LIST_SECONDS, **log, "flows": [{"steps": [CLAIM, RELEASE]}]}
        with ThreadPoolExecutor() as pool:
            loading = pool.submit(drive, bench.loader, server, writing)
            out = {
                "events": walk(server, "events?"),
                "events below a directory": walk(server, "events?path=src/api/&"),
                "claims": walk(server, "claims?"),
                "claims of a session": walk(server, f"claims?session={sessions[0]}&"),
                "claims that overlap a directory": walk(server, "claims?path=src/&"),
                "claims of a session in a directory": walk(server, f"claims?session={sessions[0]}&path=src/{sessions[0]}/&"),
            }
            loading.result()
        return out


def bare(bench, cluster, clients, size):
    command = [bench.codi.parent / "codi_bare_fdb", cluster.file, cluster.library, clients, bench.warmup, bench.seconds, size["reads"], size["rounds"], size["writes"]]
    return json.loads(run(command))


def cluster(bench):
    if programs() is None:
        bench.say("FoundationDB is not here: codi on a cluster was not measured")
        return None
    sizes = {}
    for kind, (plan_of, steps) in {"pair": (pair, 2), "append": (append, 1)}.items():
        with bench.folder() as folder, Cluster(folder) as fdb, ClusterCodi(bench.codi, folder, fdb) as server:
            sizes[kind] = {**cost(bench, fdb, server, plan_of(server, 1), steps), "rounds": ROUNDS[kind]}
    bench.say(f"a transaction on the cluster: {sizes}")

    def one(folder, plan_of, clients):
        with Cluster(folder) as fdb, ClusterCodi(bench.codi, folder, fdb) as server:
            return drive(bench.loader, server, {**bench.timed(clients), **plan_of(server, clients)})["all"]

    def three(folder, clients):
        with Cluster(folder) as fdb, contextlib.ExitStack() as stack, ThreadPoolExecutor() as pool:
            servers = []
            for i in range(SERVERS):
                own = folder / f"server-{i}"
                own.mkdir()
                server = ClusterCodi(bench.codi, own, fdb)
                server.bootstrap_file = folder / "bootstrap.json"
                server.command[server.command.index("--bootstrap-file") + 1] = server.bootstrap_file
                servers.append(stack.enter_context(server))
            plan = {**bench.timed(max(1, clients // SERVERS)), **pair(servers[0], clients)}
            each = [done["all"] for done in pool.map(lambda server: drive(bench.loader, server, {**plan, "flows": own_paths(plan["flows"], server.port)}), servers)]
            return {"per_second": sum(one["per_second"] for one in each), **{p: max(one[p] for one in each) for p in ["p50_us", "p95_us", "p99_us"]}}

    def embedded(folder, plan_of, clients):
        with Codi(bench.codi, folder, ONE_CALLER_EACH, before=["taskset", "-c", ALL_CORES]) as server:
            return drive(bench.loader, server, {**bench.timed(clients), **plan_of(server, clients)})["all"]

    def limit(folder, size, clients):
        with Cluster(folder) as fdb:
            return bare(bench, fdb, clients, size)

    subjects = {}
    for clients in CLIENTS:
        subjects[f"pair {clients}"] = lambda folder, n=clients: one(folder, pair, n)
        subjects[f"bare pair {clients}"] = lambda folder, n=clients: limit(folder, sizes["pair"], n)
        subjects[f"three servers {clients}"] = lambda folder, n=clients: three(folder, n)
        subjects[f"embedded pair {clients}"] = lambda folder, n=clients: embedded(folder, pair, n)
        subjects[f"append {clients}"] = lambda folder, n=clients: one(folder, append, n)
        subjects[f"bare append {clients}"] = lambda folder, n=clients: limit(folder, sizes["append"], n)
    return {"sizes": sizes, "lists": lists(bench), **bench.medians(subjects)}
