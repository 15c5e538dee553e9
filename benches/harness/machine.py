"""What the figures of a report depend on besides the programs: the machine, without its name."""
import os
import platform
import statistics
import subprocess
import time

SYNCS = 1_000
SYNC_BYTES = 4_096


def cpu_model():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def filesystem(folder):
    return subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()


def fdatasync_us_p50(folder):
    """Appends to a file as a write-ahead log does, and waits for the disk each time."""
    path = folder / "fdatasync"
    block = os.urandom(SYNC_BYTES)
    took = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(SYNCS):
            os.write(descriptor, block)
            start = time.perf_counter()
            os.fdatasync(descriptor)
            took.append(time.perf_counter() - start)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(took) * 1e6


def facts(folder):
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(),
        "memory_gib": round(memory_gib(), 1),
        "kernel": platform.release(),
        "filesystem": filesystem(folder),
        "fdatasync_us_p50": round(fdatasync_us_p50(folder)),
        "load_before": round(os.getloadavg()[0], 2),
    }
