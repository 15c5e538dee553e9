"""Instructions per request, counted by callgrind: a figure that does not depend on how busy the machine is."""
import json
import re
import subprocess
import time
from pathlib import Path

from .codi import Codi
from .process import BenchError
from .peers import program

KEPT = Path(__file__).resolve().parent.parent / "instructions.json"
TOLERANCE = 0.05
REQUESTS = 100
WARM_REQUESTS = 30
IDLE_SECONDS = 2


class Counted(Codi):
    """codi under callgrind, which counts the instructions of all of its threads."""

    def __init__(self, codi, folder):
        self.counts = folder / "callgrind.out"
        # Debian 12's valgrind can't read the debug information of clang 19.
        subprocess.run([program("llvm-strip-19"), "--strip-debug", "-o", folder / "codi", codi], check=True)
        super().__init__(folder / "codi", folder, ["--threads", "1"], [program("valgrind"), "--tool=callgrind", f"--callgrind-out-file={self.counts}"])
        self.dumps = 0

    def dump(self):
        """Instructions since the last dump."""
        # taskset has become valgrind, and codi runs in its process.
        subprocess.run([program("vgdb"), f"--pid={self.process.pid}", "dump"], capture_output=True, check=True)
        self.dumps += 1
        path = Path(f"{self.counts}.{self.dumps}")
        found = re.search(r"^(?:totals|summary): (\d+)", path.read_text(), re.MULTILINE)
        if not found:
            raise BenchError(f"callgrind wrote no totals to {path}")
        return int(found.group(1))

    def per_request(self, request, idle_per_second):
        for i in range(WARM_REQUESTS):
            request(i)
        self.dump()
        start = time.monotonic()
        for i in range(REQUESTS):
            request(WARM_REQUESTS + i)
        # Once a second codi makes a commit to see that it can: not part of any request.
        background = idle_per_second * (time.monotonic() - start)
        return round((self.dump() - background) / REQUESTS)


def count(codi, folder):
    """Instructions of each kind of request, one at a time on one connection."""
    with Counted(codi, folder) as server:
        session = server.start_session("BENCH-SESSION-0")
        claims = "/projects/default/claims"

        def claim_and_release(i):
            made = server.call("POST", claims, {"session": session, "targets": [f"bench/0/{i}"]})["claims"][0]
            server.call("POST", f"{claims}/{made['id']}/release")

        def append(i):
            body = {"session": session, "action": "PROGRESS", "text": f"step {i} of the work is done", "paths": ["src/api/users.rs"], "data": {"progress": 50}}
            server.call("POST", "/projects/default/events", body)

        server.dump()
        time.sleep(IDLE_SECONDS)
        idle_per_second = server.dump() / IDLE_SECONDS
        requests = {
            "get_session": lambda _: server.call("GET", f"/projects/default/sessions/{session}"),
            "claim_and_release": claim_and_release,
            "append_event": append,
        }
        return {name: server.per_request(request, idle_per_second) for name, request in requests.items()}


def kept():
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(counts):
    KEPT.write_text(json.dumps(counts, indent=2) + "\n")


def worse(counts):
    """A sentence for each figure that is more than the tolerance above the kept one."""
    out = []
    for name, was in kept().items():
        now = counts[name]
        if now > was * (1 + TOLERANCE):
            out.append(f"{name}: {now} instructions, {now / was - 1:+.1%} against {was}; {TOLERANCE:.0%} more is the most")
    return out
