"""Servers and other programs, pinned to a core, in a temporary folder, stopped by their own pid."""
import os
import signal
import socket
import subprocess
import time

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOADER_CORE = CORES[-1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


class BenchError(Exception):
    """Something that makes a measurement impossible; its text says what to do."""


def pinned(command, core):
    return ["taskset", "-c", str(core), *map(str, command)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program that listens on a port of 127.0.0.1. A context manager; its output is kept in the folder."""

    def __init__(self, name, command, port, folder, environment=None, core=SERVER_CORE):
        self.name, self.port, self.folder = name, port, folder
        self.core = core
        self.command = command
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def __enter__(self):
        output = open(self.folder / f"{self.name}.out", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            pinned(self.command, self.core), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment, start_new_session=True
        )
        output.close()
        try:
            while not self.ready():
                if self.process.poll() is not None:
                    raise BenchError(f"{self.name} did not start; see {self.folder / f'{self.name}.out'}")
                if time.monotonic() - self.started > START_SECONDS_MAX:
                    raise BenchError(f"{self.name} does not listen on port {self.port}")
                time.sleep(0.001)
            self.start_seconds = time.monotonic() - self.started
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def ready(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pids(self):
        """taskset becomes the program; nginx has a worker below it."""
        children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii").read().split()
        return [self.process.pid, *map(int, children)]

    def cpu_seconds(self):
        ticks = 0
        for pid in self.pids():
            fields = open(f"/proc/{pid}/stat", encoding="ascii", errors="replace").read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_SECOND

    def resident_bytes(self):
        kib = 0
        for pid in self.pids():
            for line in open(f"/proc/{pid}/status", encoding="ascii", errors="replace"):
                if line.startswith("VmRSS:"):
                    kib += int(line.split()[1])
        return kib * 1024


def run(command, core=LOADER_CORE, **options):
    """Runs a program to its end; gives what it printed."""
    done = subprocess.run(pinned(command, core), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise BenchError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout
